/**
 * The HTTP API. A request passes: its id → who calls, and from where → its endpoint's checks → its handler; whatever is
 * thrown on the way becomes a problem in `onError`. No middleware touches a body: reading one before multer hangs
 * large uploads.
 */
import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { createUi } from '../ui/ui.ts'
import { isNavigation } from './accept.ts'
import { artifactEndpoints } from './artifacts.ts'
import { auditEndpoints } from './audit.ts'
import { mountBoard } from './board.ts'
import { bulkEndpoints } from './bulk.ts'
import { anonymous, type Caller, callerWith } from './callers.ts'
import { createClients } from './client.ts'
import { deliveryEndpoints } from './deliveries.ts'
import { directUploadEndpoints } from './direct-uploads.ts'
import { mountDocs } from './docs.ts'
import { type Endpoint, type Env, register, routePath } from './endpoint.ts'
import { eventEndpoints } from './events.ts'
import { fileEndpoints } from './files.ts'
import { healthEndpoints } from './health.ts'
import { intakeEndpoints } from './intake.ts'
import { jobEndpoints } from './jobs.ts'
import type { KeyRing } from './key-ring.ts'
import { keyEndpoints } from './keys.ts'
import { loginEndpoints } from './login.ts'
import { createMetrics } from './metrics.ts'
import { comesFromElsewhere, isLocalHostHeader, isSafe } from './origin.ts'
import { overviewEndpoints } from './overview.ts'
import { notFound, Problem, problemOf, unauthenticated } from './problems.ts'
import { openQueues } from './queues.ts'
import { budgetOf, countedAddress, createRateLimits, type RateLimits } from './rate-limits.ts'
import { rerunEndpoints } from './rerun.ts'
import { securityHeaders } from './security-headers.ts'
import type { Services } from './services.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { TUS_VERSION, UPLOADS_PATH } from './tus/serve.ts'
import { ClientGone } from './upload/multipart-errors.ts'
import { uploadEndpoints } from './uploads.ts'
import { webhookEndpoints } from './webhooks.ts'

export interface Api {
  readonly app: Hono<Env>
  readonly endpoints: readonly Endpoint[]
  close(): Promise<void>
}

/** What a client that hung up would have been told; only the log and the metrics see it. */
const CLIENT_GONE = 499
const HEALTH = new Set(['/livez', '/readyz'])

/** @param version of the service, for its document. */
export function createApi(services: Services, version: string): Api {
  const { config, redis, log, keyRing } = services
  const clientOfRequest = createClients(config.trustProxy)
  const limits = createRateLimits(redis, config.rateLimit)
  const sessions = createSessions(redis, keyRing)
  const queues = openQueues(redis, log)
  const ui = createUi()
  const metrics = createMetrics(services, queues)
  const endpoints = [
    ...intakeEndpoints(services, metrics),
    ...jobEndpoints(services),
    ...bulkEndpoints(services),
    ...rerunEndpoints(services),
    ...fileEndpoints(services, metrics),
    ...uploadEndpoints(services, metrics),
    ...directUploadEndpoints(services, metrics),
    ...artifactEndpoints(services),
    ...eventEndpoints(services),
    ...deliveryEndpoints(services),
    ...webhookEndpoints(services),
    ...overviewEndpoints(services, queues),
    ...healthEndpoints(services),
    ...loginEndpoints(services, sessions, limits),
    ...keyEndpoints(services),
    ...auditEndpoints(services),
    ...metrics.endpoints(),
  ]

  const app = new Hono<Env>()
  app.use(async (c, next) => {
    const started = performance.now()
    const { method, path } = c.req
    const requestId = randomUUID()
    c.set('requestId', requestId)
    c.set('caller', null)
    c.set('client', clientOfRequest(c.env.incoming))
    await next()
    // On Node's own response: in the web's one a single header more makes an object of all of them.
    if (c.env.outgoing) c.env.outgoing.setHeader('x-request-id', requestId)
    else c.res.headers.set('x-request-id', requestId)
    const seconds = (performance.now() - started) / 1_000
    metrics.request(method, c.get('route') ?? 'other', c.res.status, seconds)
    if (log.isLevelEnabled('debug')) {
      log.debug({ requestId, status: c.res.status, ms: Math.round(seconds * 1_000) }, `${method} ${path}`)
    }
  })
  app.use(securityHeaders)
  // The protocol wants its version on refusals, too.
  app.use(`${UPLOADS_PATH}/*`, async (c, next) => {
    try {
      await next()
    } finally {
      c.env.outgoing?.setHeader('tus-resumable', TUS_VERSION)
    }
  })
  app.use((c, next) => {
    if (!HEALTH.has(c.req.path)) requireLocalHost(c, keyRing)
    return next()
  })
  // Before anybody is asked for a key: the shell is there for whoever has none, and while Redis is away.
  app.route('/', ui.app as unknown as Hono<Env>)
  app.use(async (c, next) => {
    if (HEALTH.has(c.req.path)) return next()
    const caller = await identify(c, keyRing, sessions)
    await countRequest(c, caller, limits)
    if (caller === 'unknown') throw unauthenticated('This key is not known.')
    c.set('caller', caller)
    if (!isSafe(c.req.method) && caller?.by !== 'key' && comesFromElsewhere(origin(c))) {
      throw new Problem('forbidden', 'The request comes from another site.')
    }
    return next()
  })

  for (const each of endpoints) register(app, each)
  mountDocs(app, endpoints, version)
  mountBoard(app, services, queues)

  app.notFound(c => {
    const page = isNavigation(c.req.method, c.req.path, c.req.header('accept')) ? ui.lost() : null
    if (page) return page
    if (!keyRing.isEmpty && c.get('caller') === null) throw unauthenticated()
    const allowed = methodsOf(app, endpoints, c.req.path)
    if (allowed.length === 0 || allowed.includes(c.req.method)) throw notFound('page')
    const allow = allowed.join(', ')
    throw new Problem('method-not-allowed', `Here ${allow} can be used.`, { headers: { allow } })
  })

  app.onError((error, c) => {
    const requestId = c.get('requestId')
    if (error instanceof ClientGone) {
      log.debug({ requestId }, 'the client hung up')
      return new Response(null, { status: CLIENT_GONE })
    }
    const problem = problemOf(error)
    if (problem.code === 'internal') log.error({ requestId, err: error }, `${c.req.method} ${c.req.path}`)
    else if (problem.status >= 500) log.warn({ requestId, err: problem.cause }, problem.message)
    else log.debug({ requestId }, problem.message)
    return problem.toResponse(requestId)
  })

  return { app, endpoints, close: () => queues.close() }
}

/** @returns `unknown` for a key that is none, null where none is shown. */
async function identify(
  c: Context<Env>,
  keyRing: KeyRing,
  sessions: Sessions,
): Promise<Caller | 'unknown' | null> {
  const authorization = c.req.header('authorization')
  const [, text] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const key = text === undefined ? null : await keyRing.find(text)
  if (key) {
    keyRing.use(key)
    return callerWith(key, 'key')
  }
  await keyRing.fresh()
  if (keyRing.isEmpty) {
    // Asked again: since it was asked first, the last key may have gone.
    requireLocalHost(c, keyRing)
    return anonymous(keyRing.untilShut)
  }
  if (authorization !== undefined) return 'unknown'
  return sessions.find(c.req.header('cookie'))
}

/** Where no key is set, nobody is counted: there is only this machine. */
async function countRequest(
  c: Context<Env>,
  caller: Caller | 'unknown' | null,
  limits: RateLimits,
): Promise<void> {
  if (caller !== null && caller !== 'unknown' && caller.by === 'none') return
  const headers =
    caller === null || caller === 'unknown'
      ? // Whatever it asks for, it is refused: no larger budget is there for that.
        await limits.count(`address:${countedAddress(c.get('client').address)}`, 'requests')
      : await limits.count(`key:${caller.name}`, budgetOf(c.req.method, c.req.path, c.req.raw.headers))
  for (const [name, value] of Object.entries(headers)) c.env.outgoing?.setHeader(name, value)
}

function requireLocalHost(c: Context<Env>, keyRing: KeyRing): void {
  // Both names: behind a proxy, too, a page of another site could invent one of them.
  const names = [c.req.header('host'), c.get('client').host]
  if (keyRing.isEmpty && !names.every(isLocalHostHeader)) {
    throw new Problem('forbidden', 'Without API keys the service answers to localhost only.')
  }
}

function origin(c: Context<Env>) {
  return {
    host: c.get('client').host,
    origin: c.req.header('origin'),
    fetchSite: c.req.header('sec-fetch-site'),
  }
}

/** The methods that a path knows: those of routes, not of what stands before them for every method. */
function methodsOf(app: Hono<Env>, endpoints: readonly Endpoint[], path: string): string[] {
  // Hono has what answers a HEAD alone among what answers a GET.
  const headOnly = endpoints.filter(each => each.method === 'head').map(routePath)
  return ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap(method => {
    const routes = app.router.match(method, path)[0].map(([[, route]]) => route)
    const route = routes.find(each => each.method === method)
    if (!route) return []
    if (method !== 'GET') return [method]
    return headOnly.includes(route.path) ? ['HEAD'] : ['GET', 'HEAD']
  })
}
