/**
 * Every door that the running app has, found by walking its router, and who may go through: written down here once
 * more, apart from what the routes say of themselves, so that a slip there does not become the rule.
 */
import type { Hono } from 'hono'
import type { createApi } from '../../src/api/app.ts'
import type { Env } from '../../src/api/endpoint.ts'
import { routePath } from '../../src/api/endpoint.ts'
import type { ApiKey, Role } from '../../src/config.ts'

export const ROLES: readonly Role[] = ['admin', 'uploader', 'viewer']
export const KEYS = {
  admin: { name: 'ann', role: 'admin', key: 'a-key-of-the-admin-0' },
  uploader: { name: 'bob', role: 'uploader', key: 'a-key-of-an-uploader' },
  viewer: { name: 'eve', role: 'viewer', key: 'a-key-of-the-viewer-' },
} satisfies Record<Role, ApiKey>
export const bearer = (role: Role) => ({ authorization: `Bearer ${KEYS[role].key}` })

export interface Door {
  readonly method: string
  /** As the router has it. */
  readonly route: string
  readonly roles: readonly Role[] | 'public'
}

type Who = Door['roles']
const EVERYBODY: Who = 'public'
const ANY_KEY: Who = ROLES
const WRITERS: Who = ['admin', 'uploader']
const OPERATORS: Who = ['admin', 'viewer']
const ADMIN: Who = ['admin']
/** What Bull Board brings along and is refused to admins, too: its changes, and Redis's own details. */
const NOBODY: Who = []

const WHO: Readonly<Record<string, Who>> = {
  // The shell of the UI, and the health checks.
  'GET /': EVERYBODY,
  'GET /upload': EVERYBODY,
  'GET /jobs/:id': EVERYBODY,
  'GET /jobs/:id/report': EVERYBODY,
  'GET /jobs/:id/view/*': EVERYBODY,
  'GET /callbacks': EVERYBODY,
  'GET /callbacks/*': EVERYBODY,
  'GET /operations': EVERYBODY,
  'GET /keys': EVERYBODY,
  'GET /audit': EVERYBODY,
  'GET /login': EVERYBODY,
  'GET /ui/:name{.+}': EVERYBODY,
  'GET /livez': EVERYBODY,
  'GET /readyz': EVERYBODY,

  'POST /login': EVERYBODY,
  'POST /logout': ANY_KEY,
  'GET /api/session': ANY_KEY,

  'POST /api/jobs': WRITERS,
  'GET /api/jobs': ANY_KEY,
  'POST /api/jobs/bulk': WRITERS,
  'GET /api/jobs/:id': ANY_KEY,
  'DELETE /api/jobs/:id': WRITERS,
  'POST /api/jobs/:id/submit': WRITERS,
  'POST /api/jobs/:id/cancel': WRITERS,
  'POST /api/jobs/:id/retry': WRITERS,
  'POST /api/jobs/:id/rerun': WRITERS,
  'POST /api/jobs/:id/files': WRITERS,
  'DELETE /api/jobs/:id/files/:fileId': WRITERS,
  'POST /api/jobs/:id/files/presign': WRITERS,
  'POST /api/jobs/:id/files/:fileId/complete': WRITERS,
  // A viewer sees no uploaded bytes.
  'GET /api/jobs/:id/files/:fileId/content': WRITERS,
  'GET /api/jobs/:id/artifacts': ANY_KEY,
  'GET /api/jobs/:id/artifacts/:name{.+}': ANY_KEY,
  'GET /api/jobs/:id/events': ANY_KEY,
  'GET /api/events': ANY_KEY,

  'OPTIONS /api/uploads': ANY_KEY,
  'POST /api/uploads': WRITERS,
  'HEAD /api/uploads/:id': WRITERS,
  'PATCH /api/uploads/:id': WRITERS,
  'DELETE /api/uploads/:id': WRITERS,

  'GET /api/deliveries': ANY_KEY,
  'GET /api/deliveries/:id': ANY_KEY,
  'POST /api/deliveries/:id/redeliver': WRITERS,
  'GET /api/webhooks': ADMIN,
  'POST /api/webhooks': ADMIN,
  'GET /api/webhooks/:id': ADMIN,
  'PATCH /api/webhooks/:id': ADMIN,
  'DELETE /api/webhooks/:id': ADMIN,
  'POST /api/webhooks/:id/rotate-secret': ADMIN,
  'POST /api/webhooks/:id/test': ADMIN,
  'POST /api/webhooks/:id/recover': ADMIN,

  'GET /api/pipelines': ANY_KEY,
  'GET /api/stats': OPERATORS,
  'GET /api/stats/history': OPERATORS,
  'GET /api/workers': OPERATORS,
  'GET /metrics': ADMIN,
  'GET /api/keys': ADMIN,
  'POST /api/keys': ADMIN,
  'DELETE /api/keys/:id': ADMIN,
  'GET /api/audit': ADMIN,

  'GET /api/openapi.json': ANY_KEY,
  'GET /api/docs': ANY_KEY,
  'GET /api/docs/': ANY_KEY,
  'GET /api/docs/start.js': ANY_KEY,
  'GET /api/docs/swagger-ui.css': ANY_KEY,
  'GET /api/docs/swagger-ui-bundle.js': ANY_KEY,

  // Bull Board is for looking, and for trying a delivery again.
  'GET /admin/queues': ADMIN,
  'GET /admin/queues/': ADMIN,
  'GET /admin/queues/static/*': ADMIN,
  'GET /admin/queues/queue/:queueName': ADMIN,
  'GET /admin/queues/queue/:queueName/:jobId': ADMIN,
  'GET /admin/queues/job-schedulers': ADMIN,
  'GET /admin/queues/metrics-history': ADMIN,
  'GET /admin/queues/api/queues': ADMIN,
  'GET /admin/queues/api/job-schedulers': ADMIN,
  'GET /admin/queues/api/queues/:queueName/metrics': ADMIN,
  'GET /admin/queues/api/queues/:queueName/default-job-options': ADMIN,
  'GET /admin/queues/api/queues/:queueName/workers': ADMIN,
  'GET /admin/queues/api/queues/:queueName/rate-limit': ADMIN,
  'GET /admin/queues/api/queues/:queueName/job-data-schema': ADMIN,
  'GET /admin/queues/api/queues/:queueName/:jobId': ADMIN,
  'GET /admin/queues/api/queues/:queueName/:jobId/logs': ADMIN,
  'GET /admin/queues/api/queues/:queueName/:jobId/flow': ADMIN,
  'PUT /admin/queues/api/queues/deliver-webhook/:jobId/retry': ADMIN,
  'GET /admin/queues/api/redis/stats': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/:jobId/retry': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/:jobId/promote': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/:jobId/clean': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/:jobId/remove-unprocessed-children': NOBODY,
  'PATCH /admin/queues/api/queues/:queueName/:jobId/update-data': NOBODY,
  'PATCH /admin/queues/api/queues/:queueName/:jobId/delay': NOBODY,
  'PATCH /admin/queues/api/queues/:queueName/:jobId/priority': NOBODY,
  'PUT /admin/queues/api/queues/pause': NOBODY,
  'PUT /admin/queues/api/queues/resume': NOBODY,
  'POST /admin/queues/api/queues/:queueName/add': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/retry/:queueStatus': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/promote': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/clean/:queueStatus': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/pause': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/resume': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/concurrency': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/rate-limit': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/rate-limit/release': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/empty': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/obliterate': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId/remove': NOBODY,
  'PUT /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId/run': NOBODY,
  'PATCH /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId': NOBODY,
}

/** Routes with a method of their own; what stands before all of them is no door. @throws where nobody said who may. */
export function doorsOf({ app, endpoints }: ReturnType<typeof createApi>): Door[] {
  const found = new Set<string>()
  for (const { method, path } of (app as Hono<Env>).routes) {
    // Hono has what answers a HEAD alone among what answers a GET.
    const isHead = endpoints.some(each => each.method === 'head' && routePath(each) === path)
    if (method !== 'ALL') found.add(`${isHead && method === 'GET' ? 'HEAD' : method} ${path}`)
  }
  return [...found].map(name => {
    const roles = WHO[name]
    if (roles === undefined) throw new Error(`nobody said who may use ${name}`)
    const [method, route] = name.split(' ') as [string, string]
    return { method, route, roles }
  })
}

/** What is written down of doors that there are not. */
export function doorsGone(doors: readonly Door[]): string[] {
  const there = new Set(doors.map(({ method, route }) => `${method} ${route}`))
  return Object.keys(WHO).filter(name => !there.has(name))
}

/** Whether behind this door is something of one owner: to other uploaders it does not exist. */
export function isOwned({ route }: Door): boolean {
  return /^\/api\/(jobs|deliveries|uploads)\/:id\b/.test(route)
}

/** As one would ask for it. @param named values for parameters; any other is made up. */
export function pathTo({ route }: Pick<Door, 'route'>, named: Readonly<Record<string, string>> = {}): string {
  return route
    .replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => named[name] ?? `some-${name}`)
    .replace(/\*/g, 'some-thing')
}

/** Its own method, and what browsers and probes ask besides. */
export function methodsAt({ method }: Door): string[] {
  return [...new Set([method, 'HEAD', 'OPTIONS'])]
}
