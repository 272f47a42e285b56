/** The OpenAPI document says what the service does: every route is in it, and real answers are what it promises. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { createApi } from '../../src/api/app.ts'
import type { Endpoint } from '../../src/api/endpoint.ts'
import { ProblemSchema } from '../../src/api/schemas.ts'
import { draft, startApi, type TestApi, upload } from '../support/api.ts'
import { createTus } from '../support/tus.ts'
import { complete, fail } from './stand-in.ts'

let api: TestApi
let routes: { method: string; path: string }[]
let endpoints: readonly Endpoint[]
let document: {
  openapi: string
  paths: Record<
    string,
    Record<
      string,
      {
        responses: Record<string, { description: string; headers?: Record<string, unknown> }>
        parameters: { name: string; in: string; schema: Record<string, unknown> }[]
        requestBody?: { content: Record<string, { schema: { properties: Record<string, object> } }> }
      }
    >
  >
  components: { schemas: Record<string, unknown> }
}

beforeAll(async () => {
  api = await startApi({ config: { webhookAllow: [{ cidr: '127.0.0.1/32', port: null }] } })
  const made = createApi(api.services, '0.0.0-test')
  routes = made.app.routes
  endpoints = made.endpoints
  await made.close()
  document = (await (await fetch(`${api.url}/api/openapi.json`)).json()) as typeof document
})
afterAll(() => api.stop())

test('it is OpenAPI 3.1, and every reference in it leads somewhere', () => {
  expect(document.openapi).toBe('3.1.0')
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
  expect(references.length).toBeGreaterThan(20)
  for (const reference of new Set(references)) {
    expect(reference).toMatch(/^#\/components\/schemas\//)
    expect(document.components.schemas).toHaveProperty(reference.slice('#/components/schemas/'.length))
  }
})

test('every operation that reads JSON says what may be wrong with that', () => {
  const reading = endpoints.filter(({ json }) => json)
  expect(reading.length).toBeGreaterThan(5)
  for (const { method, path } of reading) {
    const { responses } = document.paths[path]![method]!
    const told = Object.values(responses).flatMap(({ description }) => description.match(/[a-z-]+/g) ?? [])
    expect([path, told]).toEqual([
      path,
      expect.arrayContaining([
        'malformed-json',
        'upload-timeout',
        'request-too-large',
        'unsupported-media-type',
      ]),
    ])
  }
})

test('it has every route, but for pages and what belongs to them, and no other', () => {
  const pages =
    /^\/(api\/docs.*|api\/openapi\.json|admin\/queues.*|ui\/.*|jobs\/.*|upload|callbacks.*|operations|keys|audit|)$/
  const served = routes
    .filter(({ method, path }) => method !== 'ALL' && !pages.test(path))
    .map(({ method, path }) => [method, path.replace(/:(\w+)(\{\.\+\})?/g, '{$1}')])
    // Hono has what answers a HEAD alone among what answers a GET.
    .map(([method, path]) =>
      endpoints.some(each => each.method === 'head' && each.path === path) && method === 'GET'
        ? `HEAD ${path}`
        : `${method} ${path}`,
    )
  const said = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  expect(said.sort()).toEqual([...new Set(served)].filter(each => each !== 'GET /login').sort())
  expect(said).toEqual(expect.arrayContaining(['POST /login', 'POST /logout', 'GET /metrics', 'GET /livez']))
})

/** Asks for real, and holds the answer against the schema that its endpoint declares for the status. */
async function hold(id: string, path: string, init: RequestInit = {}, url = api.url): Promise<unknown> {
  const declared = endpoints.find(each => each.id === id)!
  const response = await fetch(`${url}${path}`, { method: declared.method.toUpperCase(), ...init })
  const body: unknown = response.status === 204 ? undefined : await response.json()
  const schema: z.ZodType | undefined =
    response.status < 400 ? declared.answers[response.status]?.schema : ProblemSchema
  expect(Object.keys(document.paths[declared.path]![declared.method]!.responses)).toContain(
    String(response.status),
  )
  if (response.status === 204) return undefined
  expect(schema, `${id} ${response.status}`).toBeDefined()
  const result = schema!.safeParse(body)
  expect(result.success ? [] : result.error.issues, `${id} ${response.status}`).toEqual([])
  return body
}

test('what is answered is what it says', async () => {
  const json = (body: object) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const [open, running, failed, done] = [
    await draft(api),
    await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' }),
    await upload(api),
    await upload(api),
  ]
  await fail(api, failed)
  await complete(api, done, [{ name: 'manifest.json', type: 'application/json', content: '{}' }])

  await hold('createJob', '/api/jobs', json({}))
  await hold('createJob', '/api/jobs', json({ priority: 'x' }))
  await hold('listJobs', '/api/jobs')
  await hold('listJobs', '/api/jobs?limit=0')
  for (const { id } of [open, running, failed, done]) {
    await hold('getJob', `/api/jobs/${id}`)
    await hold('getJobEvents', `/api/jobs/${id}/events`)
    await hold('listArtifacts', `/api/jobs/${id}/artifacts`)
  }
  await hold('getJob', '/api/jobs/none')
  await hold('submitJob', `/api/jobs/${open.id}/submit`)
  expect(document.paths['/api/jobs/{id}/submit']!.post!.responses['409']).toMatchObject({
    description: expect.stringContaining('`no-files`'),
  })
  await hold('submitJob', `/api/jobs/${running.id}/submit`)
  await hold('cancelJob', `/api/jobs/${done.id}/cancel`)
  await hold('cancelJob', `/api/jobs/${running.id}/cancel`)
  await hold('retryJob', `/api/jobs/${done.id}/retry`)
  await hold('retryJob', `/api/jobs/${failed.id}/retry`)
  await hold('deleteJob', `/api/jobs/${done.id}`)
  await hold('listDeliveries', '/api/deliveries')
  await hold('getDelivery', `/api/deliveries/msg_${running.id}_r1`)
  await hold('redeliver', `/api/deliveries/msg_${running.id}_r1/redeliver`)
  const endpoint = { url: 'http://127.0.0.1:7250/', events: ['job.failed'] }
  await hold('createWebhook', '/api/webhooks', json(endpoint))
  await hold('createWebhook', '/api/webhooks', json({ ...endpoint, url: 'http://10.0.0.1/' }))
  await hold('listWebhooks', '/api/webhooks')
  const { id: webhook } = (await api.services.webhooks.list())[0]!
  await hold('getWebhook', `/api/webhooks/${webhook}`)
  await hold('rotateWebhookSecret', `/api/webhooks/${webhook}/rotate-secret`)
  await hold('testWebhook', `/api/webhooks/${webhook}/test`)
  await hold('listDeliveries', `/api/deliveries?webhookId=${webhook}`)
  await hold('listDeliveries', `/api/deliveries?webhookId=${webhook}&responses=false`)
  await hold('listWebhooks', '/api/webhooks?recent=50')
  await hold('recoverWebhook', `/api/webhooks/${webhook}/recover`, json({ since: '2026-01-01T00:00:00Z' }))
  await hold('changeWebhook', `/api/webhooks/${webhook}`, json({ enabled: false }))
  await hold('recoverWebhook', `/api/webhooks/${webhook}/recover`, json({ since: '2026-01-01T00:00:00Z' }))
  await hold('deleteWebhook', `/api/webhooks/${webhook}`)
  await hold('listPipelines', '/api/pipelines')
  await hold('getStats', '/api/stats')
  await hold('getStatsHistory', '/api/stats/history?minutes=5')
  await hold('getStatsHistory', '/api/stats/history?minutes=1441')
  await hold('listWorkers', '/api/workers')
  await hold('live', '/livez')
  await hold('ready', '/readyz')
  await hold('live', '/livez?x=1')
  await hold('ready', '/readyz?x=1')
  await hold('live', '/livez', { headers: { accept: 'text/html' } })
  await hold('logIn', '/login', json({}))
  await hold('logIn', '/login', { body: 'key=' })
})

test('what is answered about keys is what it says', async () => {
  const keyed = await startApi()
  const ask = (id: string, path: string, key?: string, body?: object) =>
    hold(
      id,
      path,
      {
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      },
      keyed.url,
    )
  try {
    await ask('createKey', '/api/keys', undefined, { name: 'ci', role: 'viewer' })
    const made = await ask('createKey', '/api/keys', undefined, { name: 'boss', role: 'admin' })
    const { id, key } = made as { id: string; key: string }
    await ask('listKeys', '/api/keys', key)
    await ask('listKeys', '/api/keys')
    await ask('listAudit', '/api/audit', key)
    await ask('listAudit', '/api/audit?action=x', key)
    await ask('revokeKey', `/api/keys/${id}`, key)
    const other = (await ask('createKey', '/api/keys', key, { name: 'ci', role: 'viewer' })) as { id: string }
    await ask('revokeKey', `/api/keys/${other.id}`, key)
    await ask('revokeKey', `/api/keys/${other.id}`, key)
  } finally {
    await keyed.stop()
  }
})

test('what a resumable upload is answered is what it says, headers included', async () => {
  const tus = createTus(api.url)
  const ask = async (id: string, answer: Promise<Response>): Promise<Response> => {
    const response = await answer
    const { path, method } = endpoints.find(each => each.id === id)!
    const said = document.paths[path]![method]!.responses[response.status]
    expect(said, `${id} ${response.status}`).toBeDefined()
    const headers = [...response.headers.keys()].filter(name => /^(upload-|sluice-|tus-|location)/.test(name))
    const declared = Object.keys(said!.headers ?? {}).map(name => name.toLowerCase())
    if (response.ok) {
      expect(declared, id).toEqual(expect.arrayContaining(headers.filter(name => name !== 'tus-resumable')))
    }
    return response
  }
  await ask('describeUploads', tus.ask('OPTIONS'))
  await ask('createUpload', tus.create(3, { filename: 'a.log' }, { 'tus-resumable': '0.2.2' }))
  await ask('createUpload', tus.create(3, {}))
  const { location } = await tus.begin(3, { filename: 'a.log' })
  await ask('createUpload', tus.create(3, { filename: 'a.log' }))
  await ask('getUpload', tus.head(location))
  await ask('continueUpload', tus.patch(location, 1, 'b'))
  await ask('continueUpload', tus.patch(location, 0, 'a', { 'upload-checksum': 'sha1 AAAA' }))
  await ask('continueUpload', tus.patch(location, 0, 'a'))
  await ask('continueUpload', tus.patch(location, 1, 'bc'))
  await ask('getUpload', tus.head(location))
  await ask('endUpload', tus.end(location))
  await ask('endUpload', tus.end(location))
})

test('it tells what a parameter or a field is that is not given', () => {
  const limit = (path: string) =>
    document.paths[path]!.get!.parameters.find(({ name }) => name === 'limit')!.schema
  expect(limit('/api/jobs')).toMatchObject({ default: 50, minimum: 1, maximum: 200 })
  expect(limit('/api/deliveries')).toMatchObject({ default: 50 })
  expect(limit('/api/jobs/{id}/events')).toMatchObject({ default: 1_000 })
  const { content } = document.paths['/api/jobs']!.post!.requestBody!
  for (const type of ['multipart/form-data', 'application/json']) {
    expect(content[type]!.schema.properties, type).toMatchObject({
      pipeline: { default: 'log-analysis' },
      priority: { default: 0 },
      callbackUrl: { default: null },
      metadata: { default: {} },
    })
  }
})

test('it tells what an id looks like', () => {
  const { parameters } = document.paths['/api/jobs/{id}/files/{fileId}']!.delete!
  expect(parameters).toHaveLength(2)
  for (const { schema } of parameters) expect(schema.pattern).toBe('^[A-Za-z0-9_-]{1,64}$')
})

test('it names the headers that come with a refusal', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const { responses } of Object.values(methods)) {
      const headers = (status: number) => Object.keys(responses[status]?.headers ?? {})
      if (responses[401]) expect(headers(401), path).toEqual(['WWW-Authenticate'])
      if (responses[416]) expect(headers(416), path).toEqual(['Content-Range'])
      if (responses[409]?.description.includes('idempotency-in-progress'))
        expect(headers(409), path).toEqual(['Retry-After'])
      if (responses[429]) expect(headers(429), path).toEqual(['Retry-After', 'RateLimit', 'RateLimit-Policy'])
      if (responses[503] && path !== '/readyz') expect(headers(503), path).toEqual(['Retry-After'])
    }
  }
  expect(document.paths['/api/jobs']!.get!.responses).toHaveProperty('401')
  expect(document.paths['/api/jobs']!.get!.responses).toHaveProperty('503')
  expect(document.paths['/api/jobs/{id}/files/{fileId}/content']!.get!.responses).toHaveProperty('416')
})

test('it tells that a browser logs in by a form or by JSON, without a key', () => {
  const login = document.paths['/login']!.post!
  expect(login).toMatchObject({ security: [] })
  expect(Object.keys(login.requestBody!.content).sort()).toEqual([
    'application/json',
    'application/x-www-form-urlencoded',
  ])
})

test('it names the headers that are heeded', () => {
  const named = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters }]) =>
      parameters.filter(each => each.in === 'header').map(({ name }) => `${method} ${path} ${name}`),
    ),
  )
  const range = ['Range', 'If-Range', 'If-None-Match']
  expect(named.sort()).toEqual(
    [
      'post /api/jobs Idempotency-Key',
      'post /api/jobs/{id}/rerun Idempotency-Key',
      'post /api/jobs/{id}/rerun Prefer',
      'post /api/jobs Prefer',
      'post /api/jobs/{id}/files Idempotency-Key',
      'post /api/jobs/{id}/submit Idempotency-Key',
      ...['Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Checksum', 'Idempotency-Key'].map(
        each => `post /api/uploads ${each}`,
      ),
      ...['Tus-Resumable', 'Upload-Offset', 'Upload-Checksum'].map(each => `patch /api/uploads/{id} ${each}`),
      'head /api/uploads/{id} Tus-Resumable',
      'delete /api/uploads/{id} Tus-Resumable',
      'post /api/jobs/{id}/submit Prefer',
      'get /api/events Last-Event-ID',
      'get /api/jobs/{id}/events Last-Event-ID',
      ...range.map(each => `get /api/jobs/{id}/files/{fileId}/content ${each}`),
      ...range.map(each => `get /api/jobs/{id}/artifacts/{name} ${each}`),
    ].sort(),
  )
})
