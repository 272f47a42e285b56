/**
 * No other way of writing a path leads through a door that is shut: tried at every door of the running app, without a key
 * and with each role's, by the door's own method, by HEAD and by OPTIONS, as bytes that no client would send.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from '../../src/api/app.ts'
import type { Role } from '../../src/config.ts'
import { startApi, type TestApi, upload } from '../support/api.ts'
import { type Head, headOf } from '../support/raw-request.ts'
import { createTus } from '../support/tus.ts'
import { bearer, type Door, doorsOf, isOwned, KEYS, methodsAt, pathTo, ROLES } from './doors.ts'
import { complete } from './stand-in.ts'

let api: TestApi
let looked: ReturnType<typeof createApi>
/** Of things that are there, and are the admin's; by the beginning of a route. */
let there: Readonly<Record<string, Readonly<Record<string, string>>>>
beforeAll(async () => {
  const webhookAllow = [{ cidr: '127.0.0.1/32', port: null }]
  api = await startApi({ config: { apiKeys: Object.values(KEYS), webhookAllow } })
  looked = createApi(api.services, 'looked at')
  const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' }, bearer('admin'))
  await complete(api, job, [{ name: 'manifest.json', type: 'application/json', content: '{}' }])
  const begun = await createTus(api.url, bearer('admin')).begin(3, { filename: 'a.log', pipeline: 'inspect' })
  there = {
    '/api/jobs': { id: job.id, fileId: 'f1', name: 'manifest.json' },
    '/api/deliveries': { id: `msg_${job.id}_r1` },
    '/api/uploads': { id: begun.location.split('/').at(-1)! },
    '/api/webhooks': {
      id: await make('/api/webhooks', { url: 'http://127.0.0.1:7250/', events: ['job.failed'] }),
    },
    '/api/keys': { id: await make('/api/keys', { name: 'zoe', role: 'viewer' }) },
    '/admin/queues/api/queues/deliver-webhook': { jobId: `msg_${job.id}_r1-1` },
    '/admin/queues': { queueName: 'process', jobId: `${job.id}-1`, queueStatus: 'completed' },
  }
})
afterAll(async () => {
  await looked.close()
  await api.stop()
})

async function make(path: string, body: object): Promise<string> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { ...bearer('admin'), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(201)
  return ((await response.json()) as { id: string }).id
}

/** Some at a time: each is a connection of its own. */
async function eachOf<T>(all: readonly T[], check: (one: T) => Promise<void>): Promise<void> {
  const left = all.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const one of left) await check(one)
    }),
  )
}

function spellingsOf(path: string): string[] {
  const [head, ...rest] = path.slice(1).split('/')
  const tail = rest.join('/')
  const last = path.at(-1)!
  const coded = `%${last.charCodeAt(0).toString(16)}`
  return [
    `/${path}`,
    `${path}/`,
    `${path}.`,
    `${path}/.`,
    `${path}//`,
    path.replaceAll('/', '//'),
    path.toUpperCase(),
    `/${path[1]!.toUpperCase()}${path.slice(2)}`,
    `/.${path}`,
    `/login/..${path}`,
    `/ui/..${path}`,
    `/livez/..${path}`,
    `/livez/%2e%2e${path}`,
    `/livez/.%2e${path}`,
    `/ui/..%2f${path.slice(1)}`,
    `/${head}%2f${tail}`,
    `/${head}%2F${tail}`,
    `/${head}%5c${tail}`,
    `/${head}\\${tail}`,
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `/%25${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `${path.slice(0, -1)}${coded}`,
    `${path};a=b`,
    `${path}%00`,
    `${path}%20`,
    `${path}%2e`,
    `${path}?x=/livez`,
    `${path}#/livez`,
    `http://localhost${path}`,
    `http://localhost/livez/..${path}`,
  ]
}

const isShutTo = (door: Door, role: Role | null) =>
  role === null || !door.roles.includes(role) || (role === 'uploader' && isOwned(door))

/** Where each door that is shut leads, to something that is there; and by which method it is tried. */
function attempts(role: Role | null) {
  const doors = doorsOf(looked).filter(each => each.roles !== 'public' && isShutTo(each, role))
  return doors.flatMap(door => {
    const [, named] = Object.entries(there).find(([beginning]) => door.route.startsWith(beginning)) ?? []
    return methodsAt(door).map(method => ({ method, path: pathTo(door, named) }))
  })
}

function ask(method: string, target: string, role: Role | null): Promise<Head> {
  return headOf(api.url, [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Content-Length: 0',
    ...(role ? [`Authorization: ${bearer(role).authorization}`] : []),
  ])
}

test.each([null, ...ROLES])(
  'no spelling of a path opens a door that is shut to the role %s',
  async role => {
    const refusals = role === null ? [400, 401, 404] : [400, 401, 403, 404, 405]
    const all = attempts(role)
    expect(all.length).toBeGreaterThan(50)
    await eachOf(all, async ({ method, path }) => {
      // By HEAD and OPTIONS the same path may be another door, which is open.
      const plain = await ask(method, path, role)
      for (const spelling of spellingsOf(path)) {
        const { status } = await ask(method, spelling, role)
        const isRefused = refusals.includes(status) || (role !== null && status === plain.status)
        expect([method, spelling, status, isRefused]).toEqual([method, spelling, status, true])
      }
    })
  },
  120_000,
)
