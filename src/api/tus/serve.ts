/** One request by the tus protocol: `@tus/server` speaks it, our store keeps what it takes. */
import { ERRORS, type Locker, Server } from '@tus/server'
import { parseUploadId, readUpload, type UploadId } from '../../jobs/open-uploads.ts'
import type { UploadLock, UploadLocks } from '../../jobs/upload-lock.ts'
import type { GrowingObjects } from '../../storage/storage.ts'
import type { Completion } from '../../uploads/completion.ts'
import { refuseEncoded } from '../body.ts'
import { maySee } from '../callers.ts'
import { by } from '../client.ts'
import type { Asked } from '../endpoint.ts'
import { requestToken } from '../idempotency.ts'
import type { Metrics } from '../metrics.ts'
import { notFound, Problem } from '../problems.ts'
import type { Services } from '../services.ts'
import { isLarge } from '../upload/preflight.ts'
import { sweepBuffersOf } from '../upload/sweep-buffers.ts'
import { type Body, openBody } from './body.ts'
import { CHECKSUM_ALGORITHMS, parseChecksum } from './checksum.ts'
import { refusedHeaders, translateTus } from './errors.ts'
import { UploadStore } from './store.ts'

export const UPLOADS_PATH = '/api/uploads'
export const TUS_VERSION = '1.0.0'
const BODY_TYPE = 'application/offset+octet-stream'

/** Milliseconds for which a request waits for another to let the upload go; making a large file whole takes its time. */
const LOCK_PATIENCE = 20_000
/** Milliseconds that a request gets to end by itself when another waits. */
const DRAIN_MS = 1_000

/** Headers that the tus server heeds. Others it would judge, or believe. */
const HEEDED = [
  'content-length',
  'content-type',
  'host',
  'tus-resumable',
  'upload-concat',
  'upload-defer-length',
  'upload-length',
  'upload-metadata',
  'upload-offset',
]

export interface TusOptions {
  readonly services: Services
  readonly growing: GrowingObjects
  readonly metrics: Metrics
  readonly locks: UploadLocks
  readonly complete: Completion
}

/** @throws Problem, ClientGone, StorageError. */
export async function serveTus(options: TusOptions, asked: Asked<unknown, unknown>): Promise<Response> {
  const { method } = asked.c.req
  const header = (name: string) => asked.c.req.header(name)
  requireProtocol(method, header)
  const bringsBytes = ['POST', 'PATCH'].includes(method) && header('content-type') === BODY_TYPE
  const leave = bringsBytes ? options.services.uploads.enter() : undefined
  try {
    return await answer(options, asked, bringsBytes)
  } finally {
    leave?.()
  }
}

async function answer(
  options: TusOptions,
  asked: Asked<unknown, unknown>,
  bringsBytes: boolean,
): Promise<Response> {
  const { services, growing, metrics, complete } = options
  const { c, caller } = asked
  const { incoming } = c.env
  if (!incoming) throw new TypeError('an upload comes over a socket')
  const { method, url } = c.req
  const id = method === 'POST' || method === 'OPTIONS' ? null : await findUpload(services, asked)

  const most = services.config.maxFileSize
  const lock = createRequestLock(options.locks, () => store.idle())
  const length = c.req.header('content-length')
  const store: UploadStore = new UploadStore({
    services,
    growing,
    complete,
    caller,
    by: by(asked),
    id,
    metadata: c.req.header('upload-metadata') ?? '',
    token: requestToken(asked),
    checksum: parseChecksum(c.req.header('upload-checksum')),
    length: length === undefined ? null : Number(length),
    lock: lock.take,
  })
  const taken: { body: Body | null } = { body: null }
  const swept = bringsBytes && isLarge(incoming.headers) ? sweepBuffersOf(incoming.socket) : undefined
  const server = new Server({
    path: UPLOADS_PATH,
    relativeLocation: true,
    datastore: store,
    locker: lock.locker,
    lockDrainTimeout: DRAIN_MS,
    maxSize: most,
    // The store gives the upload its name.
    namingFunction: () => 'new',
    onResponseError: (_, error) => {
      throw taken.body?.failure() ?? translateTus(error, most)
    },
  })
  try {
    const headers = new Headers()
    for (const name of HEEDED) {
      const value = c.req.header(name)
      if (value !== undefined) headers.set(name, value)
    }
    const request = {
      method,
      url,
      headers,
      // Begun when it is wanted: what is refused before need not be sent.
      get body() {
        if (bringsBytes) taken.body ??= openBody(incoming, services.pace)
        return taken.body?.stream ?? null
      },
    }
    // All that the tus server asks of one.
    const response = await server.handleWeb(request as unknown as Request)
    if (response.status >= 400) throw await refusedHeaders(response)
    complement(response, method, store)
    metrics.uploaded(store.completedBytes)
    return response
  } finally {
    taken.body?.stop()
    swept?.()
  }
}

/** @throws Problem */
function requireProtocol(method: string, header: (name: string) => string | undefined): void {
  if (method === 'OPTIONS') return
  if (header('tus-resumable') !== TUS_VERSION) {
    throw new Problem('invalid-request', `This speaks tus ${TUS_VERSION}: say so by Tus-Resumable.`, {
      status: 412,
      errors: [{ parameter: 'Tus-Resumable', message: `${TUS_VERSION} is wanted` }],
      headers: { 'tus-version': TUS_VERSION },
    })
  }
  refuseEncoded(header('content-encoding'))
  if (method === 'PATCH' && header('content-type') !== BODY_TYPE) {
    throw new Problem('unsupported-media-type', `This takes ${BODY_TYPE}.`)
  }
}

/** @throws Problem where there is none, or none for this caller. */
async function findUpload(services: Services, asked: Asked<unknown, unknown>): Promise<UploadId> {
  const id = parseUploadId(asked.param('id'))
  const state = id && (await readUpload(services.redis, id))
  if (!state || state.expired || state.open?.kind === 'presigned' || !maySee(asked.caller, state.owner))
    throw notFound('upload')
  return id
}

/** What the tus server does not say, or says for browsers of other sites, which the rest of the API does not serve. */
function complement({ headers }: Response, method: string, store: UploadStore): void {
  for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name)
  // Of bodies that are none.
  headers.delete('content-type')
  if (method === 'OPTIONS') headers.set('tus-checksum-algorithm', CHECKSUM_ALGORITHMS.join(','))
  if (method === 'OPTIONS' || method === 'DELETE') return
  if (store.id) headers.set('sluice-job', store.id.jobId)
  if (store.expiresAt !== null) headers.set('upload-expires', new Date(store.expiresAt).toUTCString())
}

/**
 * The lock of one request, as the tus server asks for it: before it knows what a new upload is called.
 *
 * @param idle resolves when the request writes no more.
 */
function createRequestLock(locks: UploadLocks, idle: () => Promise<void>) {
  let held: UploadLock | null = null
  let letGo: () => void = () => undefined

  const take = async (id: string): Promise<void> => {
    held = await locks.take(id, { patience: LOCK_PATIENCE, letGo: () => letGo() })
    if (held === null) throw ERRORS.ERR_LOCK_TIMEOUT
  }
  const locker: Locker = {
    newLock: id => ({
      async lock(_signal, requestRelease) {
        letGo = () => void requestRelease()
        if (parseUploadId(id)) await take(id)
      },
      async unlock() {
        await idle()
        await held?.release()
        held = null
      },
    }),
  }
  return { locker, take }
}
