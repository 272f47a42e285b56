/** An address that nothing answers: people are shown a page that says so, programs a problem. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

/** As browsers send it when somebody goes somewhere. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const KEY = 'a-key-of-the-admin-0'

let api: TestApi
beforeAll(async () => {
  api = await startApi({ config: { apiKeys: [{ name: 'ann', role: 'admin', key: KEY }] } })
})
afterAll(() => api.stop())

const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(api.url + path, { method, headers, redirect: 'manual' })
const kind = (response: Response) => [response.status, response.headers.get('content-type')]

test('a browser is shown the UI, whose page says that nothing is there; signed in or not', async () => {
  const shell = await (await ask('/', { accept: BROWSER })).text()
  for (const headers of [{}, { authorization: `Bearer ${KEY}` }]) {
    for (const path of ['/nothing-here', '/jobs/some-id/nothing', '/Upload', '/apiary', '/upload/']) {
      const response = await ask(path, { accept: BROWSER, ...headers })
      expect([path, ...kind(response)]).toEqual([path, 404, 'text/html; charset=utf-8'])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('content-security-policy')).toContain("script-src 'self'")
      expect(await response.text()).toBe(shell)
    }
  }
  const head = await ask('/nothing-here', { accept: BROWSER }, 'HEAD')
  expect([head.status, await head.text()]).toEqual([404, ''])
})

test.each([
  ['takes anything', '/nothing-here', { accept: '*/*' }],
  ['says nothing of what it takes', '/nothing-here', {}],
  ['wants JSON', '/nothing-here', { accept: 'application/json' }],
  ['wants no HTML', '/nothing-here', { accept: 'text/html;q=0, */*' }],
  ['is a browser in the API', '/api/nothing-here', { accept: BROWSER }],
  ['is a browser in Bull Board', '/admin/nothing-here', { accept: BROWSER }],
  ['is a browser below the metrics', '/metrics/nothing-here', { accept: BROWSER }],
  ['is a browser that looks for a part of the UI', '/ui/assets/nothing-here.js', { accept: BROWSER }],
])('a client that %s is answered with a problem', async (_, path, headers: Record<string, string>) => {
  const response = await ask(path, { ...headers, authorization: `Bearer ${KEY}` })
  expect(kind(response)).toEqual([404, 'application/problem+json'])
})

test('no browser comes by another spelling or method to what is behind a key', async () => {
  const shell = await (await ask('/', { accept: BROWSER })).text()
  for (const path of [
    '//api/jobs',
    '/API/JOBS',
    '/%61pi/jobs',
    '/api%2fjobs',
    '/livez/..%2fapi/jobs',
    '/api/jobs',
    '/admin/queues',
  ]) {
    const response = await ask(path, { accept: BROWSER })
    const text = await response.text()
    expect([path, response.status === 401 || (response.status === 404 && text === shell)]).toEqual([
      path,
      true,
    ])
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    expect([method, ...kind(await ask('/nothing-here', { accept: BROWSER }, method))]).toEqual([
      method,
      401,
      'application/problem+json',
    ])
  }
})
