/**
 * Takes a multipart request: each file goes to storage while it comes, hashed and counted on its way, and nothing is
 * held in memory. What was received counts only once a record names it; until then `discard` takes all of it back.
 *
 * multer reports an error only when it has read the whole body. A client should hear at once that its 5 GiB are not
 * wanted: so the parser's limits and the storage's errors are listened to here, the answer goes out, and the parser is
 * taken off the request. The connection is not closed for it (`Connection: close` gives clients a reset instead of the
 * answer): the server reads on for a while, see linger.ts.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import multer from 'multer'
import type { UploadedFile } from '../../jobs/job.ts'
import type { Storage } from '../../storage/storage.ts'
import { decodeUtf8 } from '../body.ts'
import { pointerTo } from '../endpoint.ts'
import { type Pace, watchPace } from '../pace.ts'
import { invalid } from '../problems.ts'
import { cleanFileName } from './file-name.ts'
import { mediaType } from './media-type.ts'
import {
  ClientGone,
  fieldTooLarge,
  fileTooLarge,
  malformed,
  tooManyFields,
  tooManyFiles,
  translateMultipart,
  unknownPart,
} from './multipart-errors.ts'
import { watchOutsideFiles } from './outside-files.ts'
import { type Parts, watchParts } from './strict-parts.ts'

/** Bytes of a field. */
const MAX_FIELD_SIZE = 16 * 2 ** 10
/** Bytes of `metadata` as they come: every character may be an escape of six (`\u0041`), and spaces stand between. */
const MAX_ESCAPED_SIZE = 8 * MAX_FIELD_SIZE

export type Fields = Readonly<Record<string, string | readonly string[]>>

export interface Received {
  readonly fields: Fields
  /** In the order of their parts. */
  readonly files: readonly UploadedFile[]
  /** Removes every byte again. Never rejects: what can't be removed now is the janitor's. */
  discard(): Promise<void>
}

export interface ReceiveOptions {
  readonly storage: Pick<Storage, 'put' | 'removeAll'>
  readonly jobId: string
  readonly maxFileSize: number
  readonly maxFiles: number
  readonly pace: Pace
  /** Aborted when the upload's lease is lost; its reason becomes the error. None where there is no lease. */
  readonly signal?: AbortSignal
  /** Called with each field as it comes; throws where the request is wrong already. */
  checkField(name: string, value: string): void
}

type PartInfo = { readonly filename?: string }
type FieldInfo = { readonly valueTruncated: boolean }

/** @throws Problem, ClientGone, or a StorageError; no byte is left then. */
export async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReceiveOptions,
): Promise<Received> {
  const { storage, maxFileSize, maxFiles, signal } = options
  const written: string[] = []
  const files: UploadedFile[] = []
  const fields = new Map<string, [string, ...string[]]>()
  const puts: Promise<void>[] = []
  const stop = new AbortController()
  const finished = Promise.withResolvers<void>()
  let parser: Writable | undefined
  let parts: Parts | undefined
  let told = 0
  let stopCounting: (() => void) | undefined

  const discard = async () => {
    await Promise.allSettled(puts)
    // The janitor takes what cannot be removed now.
    await storage.removeAll(written).catch(() => undefined)
  }
  const fail = (error: unknown) => {
    if (stop.signal.aborted) return
    stop.abort(error)
    finished.reject(error)
    // What follows is not parsed any more. On the next tick: the parser throws when it is destroyed in the middle of
    // its own event.
    setImmediate(() => {
      if (!parser) return
      request.unpipe(parser)
      parser.destroy()
    })
  }
  const attempt = <Args extends unknown[]>(act: (...args: Args) => void) => {
    return (...args: Args) => {
      try {
        act(...args)
      } catch (error) {
        fail(error)
      }
    }
  }

  const store = async (file: Express.Multer.File, index: number): Promise<void> => {
    const name = nameOf(file)
    const key = `${options.jobId}/f-${randomUUID()}`
    const { size, sha256, etag } = await storage.put(key, file.stream, { signal: stop.signal })
    written.push(key)
    // A part that hits the limit ends as if it were complete.
    if ((file.stream as Readable & { truncated?: boolean }).truncated) throw fileTooLarge(name, maxFileSize)
    files[index] = { name, size, type: mediaType(file.mimetype), sha256, key, etag }
  }

  const engine: multer.StorageEngine = {
    _handleFile(_, file, done) {
      const put = store(file, puts.length)
      puts.push(put)
      put.then(
        () => done(null, {}),
        (error: unknown) => {
          fail(error)
          done(error)
        },
      )
    },
    // `discard` is the only one that removes: multer does not know of the parts that are under way.
    _removeFile: (_, __, done) => done(null),
  }

  /** What it is that does not end. */
  const endless = () => {
    if (!parts || parts.ended() || parts.begun() === told) return malformed(new Error('no part in sight'))
    return fieldTooLarge(undefined)
  }

  const listen = (request: IncomingMessage, busboy: Writable) => {
    parser = busboy
    parts = watchParts(busboy, () => fail(malformed(new Error('a part behind the closing boundary'))))
    busboy.on('file', (name: string | undefined, stream: Readable, info: PartInfo) => {
      told++
      stream.on('limit', () =>
        fail(fileTooLarge(cleanFileName(info.filename ?? '') ?? undefined, maxFileSize)),
      )
      // multer drops a file without a name, and says nothing.
      if (!info.filename) fail(noName(name))
    })
    busboy.on(
      'field',
      attempt((name: string | undefined, value: string, info: FieldInfo) => {
        told++
        // Of metadata it is the JSON that is measured, by who checks it.
        const most = name === 'metadata' ? MAX_ESCAPED_SIZE : MAX_FIELD_SIZE
        if (info.valueTruncated || value.length > most) throw fieldTooLarge(name)
        if (name === undefined) throw unknownPart(name, 'field')
        const text = textOf(name, value, parts?.charset() ?? null)
        options.checkField(name, text)
        const before = fields.get(name)
        if (before) before.push(text)
        else fields.set(name, [text])
      }),
    )
    busboy.on('filesLimit', () => fail(tooManyFiles(maxFiles)))
    busboy.on('fieldsLimit', () => fail(tooManyFields()))
    busboy.on('error', (error: unknown) => fail(translateMultipart(error, options)))
    request.pipe(busboy)
    stopCounting = watchOutsideFiles(request, busboy, () => fail(endless()))
  }

  // A hash each file, the four fields of a job, and some room to say what is wrong with others.
  const limits = {
    fileSize: maxFileSize,
    files: maxFiles,
    fields: maxFiles + 16,
    fieldSize: MAX_ESCAPED_SIZE,
    fieldNameSize: 100,
    fieldNestingDepth: 0,
  }
  const settings = {
    storage: engine,
    limits,
    preservePath: true,
    defParamCharset: 'utf8',
    // A character for each byte: `textOf` makes text of them.
    defCharset: 'latin1',
    streamHandler: listen,
  }
  const read = multer(settings as multer.Options).array('files')

  const lost = () => fail(signal?.reason)
  signal?.addEventListener('abort', lost)
  const watch = watchPace(request, fail, options.pace)
  try {
    if (signal?.aborted) lost()
    read(request as never, response as never, (error?: unknown) => {
      if (error) fail(translateMultipart(error, options))
      else finished.resolve()
    })
    // Who hung up while the lease was taken has been told of already, and nobody says it again.
    if (request.destroyed) fail(new ClientGone('The client hung up before its upload was read.'))
    await finished.promise
    // multer lets a request pass that does not look like multipart to it.
    if (!parser) throw malformed(new Error('no boundary that can be read'))
    if (parts?.begun() !== told) throw malformed(new Error('a part without a readable Content-Disposition'))
    return { fields: once(fields), files, discard }
  } catch (error) {
    await discard()
    throw error
  } finally {
    watch.stop()
    stopCounting?.()
    signal?.removeEventListener('abort', lost)
  }
}

/** @param bytes as characters. */
function textOf(name: string, bytes: string, charset: string | null): string {
  const known = charset === null || ['utf-8', 'utf8', 'us-ascii'].includes(charset)
  const text = known ? decodeUtf8(Buffer.from(bytes, 'latin1')) : null
  if (text === null) throw invalid(pointerTo([name], 'send the field as UTF-8'))
  return text
}

/** A field that was given once is a text, not a list of one. */
function once(fields: ReadonlyMap<string, readonly [string, ...string[]]>): Fields {
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
}

function nameOf(file: Express.Multer.File): string {
  // Stored as it comes, it would be something else than what the client has.
  if (!['7bit', '8bit', 'binary'].includes(file.encoding)) {
    throw invalid(pointerTo([file.fieldname], `send the file without the transfer encoding ${file.encoding}`))
  }
  const name = cleanFileName(file.originalname)
  if (name === null) throw noName(file.fieldname)
  return name
}

function noName(field: string | undefined) {
  return invalid(pointerTo([field ?? 'files'], 'a file part needs a file name'))
}
