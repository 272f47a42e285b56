/**
 * Bull Board at `/admin/queues`, for looking. It knows nothing of keys, of other sites' forms, or of a content security
 * policy: all of that stands before it, on both forms of its path. Records are the truth of jobs and deliveries, so
 * nothing can be changed there, but a delivery may be tried again.
 */
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Hono, MiddlewareHandler } from 'hono'
import { type DeliverData, QUEUES } from '../queues/names.ts'
import { ADMINS } from './callers.ts'
import { by } from './client.ts'
import { reopen } from './deliveries.ts'
import { admit, type Env } from './endpoint.ts'
import { isSafe } from './origin.ts'
import { notFound, Problem } from './problems.ts'
import type { Queues } from './queues.ts'
import type { Services } from './services.ts'
import { enqueueDelivery } from './submission.ts'

const PATH = '/admin/queues'
const RETRY = `${PATH}/api/queues/${QUEUES.deliver}/:jobId/retry` as const
const PROMOTE = `${PATH}/api/queues/${QUEUES.deliver}/:jobId/promote` as const
/** What may be done to one delivery: try it again, or now instead of later. */
const CHANGES = new RegExp(`^${PATH}/api/queues/${QUEUES.deliver}/[^/]+/(retry|promote)$`)

/** Its page has its settings and styles inline. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function mountBoard(app: Hono<Env>, services: Services, queues: Queues): void {
  const adapter = new HonoAdapter(serveStatic)
  adapter.setBasePath(PATH)
  createBullBoard({
    queues: queues.all.map(queue => {
      return new BullMQAdapter(queue, {
        readOnlyMode: queue.name !== QUEUES.deliver,
        description: DESCRIPTIONS[queue.name as keyof typeof DESCRIPTIONS],
        externalJobUrl: job => ownPage(job.data as Readonly<Record<string, unknown>>),
      })
    }),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Sluice',
        hideRedisDetails: true,
        miscLinks: [{ text: 'Operations in Sluice', url: '/operations' }],
      },
    },
  })

  // Its own tells clients what the error said.
  adapter.setErrorHandler(error => {
    throw error
  })

  const guard: MiddlewareHandler<Env> = async (c, next) => {
    c.set('route', PATH)
    admit(c, ADMINS)
    if (!isSafe(c.req.method) && !CHANGES.test(c.req.path)) {
      throw new Problem('forbidden', 'Here one can look, and try a delivery again.')
    }
    await next()
    c.header('content-security-policy', CONTENT_SECURITY_POLICY)
  }
  app.use(`${PATH}/api/*`, inItsWords)
  app.use(PATH, guard)
  app.use(`${PATH}/*`, guard)
  app.use(PROMOTE, async (c, next) => {
    await next()
    if (c.error || !c.res.ok) return
    // Its job's id is the delivery's with the number of the round.
    const target = c.req.param('jobId').replace(/-\d+$/, '')
    await services.audit.record(by({ c, caller: c.get('caller')! }), 'delivery.promoted', { target })
  })
  app.get(`${PATH}/`, c => c.redirect(PATH))
  // BullMQ's job of a delivery that has ended finds nothing to do: another try is another round of its record.
  app.put(RETRY, async c => {
    const job = await queues.deliver.getJob(c.req.param('jobId'))
    if (!job) throw notFound('delivery')
    const { deliveryId } = job.data as DeliverData
    const who = by({ c, caller: c.get('caller')! })
    await enqueueDelivery(services, await reopen(services, deliveryId, who))
    return c.body(null, 204)
  })
  const board = adapter.registerPlugin() as unknown as Hono<Env>
  // It comes with a Hono of its own, whose answer to any error is a bare 500.
  board.onError(error => {
    throw error
  })
  app.route(PATH, board)
}

/**
 * It draws every button of a queue or none, also those that are refused here, and its page says why only where the answer
 * has that under these names.
 */
const inItsWords: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  if (!c.error) return
  const problem = (await c.res.json()) as { title: string; detail: string }
  c.res = new Response(JSON.stringify({ ...problem, error: problem.title, message: problem.detail }), c.res)
}

const DESCRIPTIONS = {
  [QUEUES.process]: 'One job for each upload: its stages.',
  [QUEUES.attach]: 'One job for each file: children of process.',
  [QUEUES.deliver]: 'One job for each callback that its first attempt did not settle.',
}

function ownPage({ jobId }: Readonly<Record<string, unknown>>): { displayText: string; href: string } {
  return typeof jobId === 'string'
    ? { displayText: 'Job page', href: `/jobs/${encodeURIComponent(jobId)}` }
    : { displayText: 'All jobs', href: '/' }
}
