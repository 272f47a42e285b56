/** What never becomes a request is refused as everything else is: by a problem, over a connection that then ends. */
import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Env } from '../../src/api/endpoint.ts'
import { listen } from '../../src/api/server.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { connectRaw } from '../support/raw-request.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

/** A connection that says `text`; all that it is answered, once the other side has closed it. */
function say(text: string, url = api.url): { socket: Socket; answer: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let answered = ''
  socket.setEncoding('utf8').on('data', (data: string) => {
    answered += data
  })
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('error', reject).on('close', () => resolve(answered))
  })
  socket.write(text)
  return { socket, answer }
}

/** The one problem that the answer consists of. */
function problemIn(answer: string): unknown {
  const [, status, head, body] = /^HTTP\/1\.1 (\d{3}) [A-Z][A-Za-z ]+\r\n(.+?)\r\n\r\n(.+)$/s.exec(answer)!
  const headers = new Headers(head!.split('\r\n').map(line => line.split(': ') as [string, string]))
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(headers.get('connection')).toBe('close')
  const problem = JSON.parse(body!)
  expect(problem.status).toBe(Number(status))
  expect(headers.get('x-request-id')).toBe(problem.requestId)
  return problem
}

const request = (head: string, body = '') => `${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}`
const CHUNKED =
  'POST /api/jobs HTTP/1.1\nHost: localhost\nContent-Type: application/json\nTransfer-Encoding: chunked'

describe('a request', () => {
  test.each([
    ['without a request line', request('hunter2'), 400, 'invalid-request'],
    [
      'with a header that is none',
      request('GET / HTTP/1.1\nHost: localhost\nhunter2'),
      400,
      'invalid-request',
    ],
    ['without a Host', request('GET / HTTP/1.1\nConnection: close'), 400, 'invalid-request'],
    ['with two ends', request(`${CHUNKED}\nContent-Length: 7`, 'hunter2'), 400, 'invalid-request'],
    ['with chunks that are none', request(CHUNKED, 'hunter2\r\n'), 400, 'invalid-request'],
    [
      'whose headers are too large',
      request(`GET / HTTP/1.1\nHost: localhost\nCookie: ${'hunter2'.repeat(5_000)}`),
      431,
      'request-too-large',
    ],
    [
      'whose address is too large',
      request(`GET /${'hunter2'.repeat(5_000)} HTTP/1.1\nHost: localhost`),
      431,
      'request-too-large',
    ],
    [
      'whose chunks say too much of themselves',
      request(CHUNKED, `1;${'hunter2'.repeat(5_000)}\r\n`),
      413,
      'request-too-large',
    ],
  ])(
    '%s is refused, and nothing of it, or of the inside, is in the answer',
    async (_name, text, status, code) => {
      const answer = await say(text).answer
      expect(problemIn(answer)).toMatchObject({
        status,
        code,
        type: `/problems/${code}`,
        // As everywhere else; there is nothing in particular to point at.
        ...(code === 'invalid-request' && { errors: [{ pointer: '' }] }),
      })
      expect(answer).not.toMatch(/hunter2|HPE_|parse/i)
    },
  )

  test('is told so although it is still being sent', async () => {
    const answer = await say(request(`GET / HTTP/1.1\nCookie: ${'hunter2'.repeat(3_000_000)}`)).answer
    expect(problemIn(answer)).toMatchObject({ status: 431 })
  })

  test('whose head does not come is told so', async () => {
    const server = await listen({ app: new Hono() }, { host: '127.0.0.1', port: 0, headMs: 100 })
    const answer = await say('GET / HTTP/1.1\r\nHost:', server.url).answer
    expect(problemIn(answer)).toMatchObject({ status: 408, code: 'invalid-request' })
    await server.stop(0)
  })

  test.concurrent.each(['keep-alive', 'close'])(
    'that goes on for ever behind its refusal is hung up on (Connection: %s)',
    async kept => {
      const refusing = new Hono<Env>().post('/', c => c.text('no', 413))
      const server = await listen({ app: refusing }, { host: '127.0.0.1', port: 0, lingerMs: 3_000 })
      const connection = connectRaw(server.url)
      const head = `POST / HTTP/1.1\nHost: localhost\nConnection: ${kept}\nContent-Length: ${2 ** 40}`
      await connection.say(request(head))
      expect((await connection.answer()).status).toBe(413)
      const more = setInterval(() => connection.socket.write('x'), 10)
      expect(await connection.closed).toBe('')
      clearInterval(more)
      await server.stop(0)
    },
  )

  test('that is whole behind its refusal leaves the connection to the next one', async () => {
    const refusing = new Hono<Env>().post('/', c => c.text('no', 413)).get('/', c => c.text('yes'))
    const server = await listen({ app: refusing }, { host: '127.0.0.1', port: 0, lingerMs: 100 })
    const { socket, answer } = say(request('POST / HTTP/1.1\nHost: localhost\nContent-Length: 1'), server.url)
    await new Promise(resolve => socket.once('data', resolve))
    socket.write('x')
    await new Promise(resolve => setTimeout(resolve, 300))
    socket.write(request('GET / HTTP/1.1\nHost: localhost\nConnection: close'))
    expect((await answer).match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
    await server.stop(0)
  })

  test('with an expectation that nobody knows is answered all the same', async () => {
    const head = 'GET /api/pipelines HTTP/1.1\nHost: localhost\nExpect: the-impossible\nConnection: close'
    expect(await say(request(head)).answer).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('a request of HTTP/1.0, which knows no Host', () => {
  const status = async (path: string, url?: string) =>
    Number(/^HTTP\/1\.1 (\d+)/.exec(await say(request(`GET ${path} HTTP/1.0`), url).answer)?.[1])

  test('is told of the health; without keys, where a Host says that it comes from here, of nothing else', async () => {
    expect(await status('/livez')).toBe(200)
    expect(await status('/readyz')).toBe(200)
    for (const path of ['/api/jobs', '/', '/metrics']) expect(await status(path), path).toBe(403)
  })

  test('is answered as any other where there are keys', async () => {
    const apiKeys = [{ name: 'a', role: 'admin', key: 'the-key-of-the-admin' }] as const
    const closed = await startApi({ redis: api.redis, config: { apiKeys } })
    try {
      expect(await status('/livez', closed.url)).toBe(200)
      expect(await status('/api/jobs', closed.url)).toBe(401)
      const keyed = request(`GET /api/jobs HTTP/1.0\nAuthorization: Bearer ${apiKeys[0].key}`)
      expect(await say(keyed, closed.url).answer).toMatch(/^HTTP\/1\.1 200 /)
    } finally {
      await closed.stop()
    }
  })
})

describe('what is no request, behind one that is', () => {
  test('is not refused in the place of an answer that is still due', async () => {
    const { answer } = say(request('GET /api/pipelines HTTP/1.1\nHost: localhost', 'hunter2\r\n\r\n'))
    expect(await answer).toBe('')
  })

  test('is not refused in the middle of an answer', async () => {
    const { socket, answer } = say(
      request('GET /api/events HTTP/1.1\nHost: localhost\nAccept: text/event-stream'),
    )
    await new Promise(resolve => socket.once('data', resolve))
    socket.write('hunter2\r\n\r\n')
    expect((await answer).match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  test('is refused behind an answer that has been sent', async () => {
    const { socket, answer } = say(request('GET /livez HTTP/1.1\nHost: localhost'))
    await new Promise(resolve => socket.once('data', resolve))
    socket.write('hunter2\r\n\r\n')
    const [, second] = (await answer).split(/(?=HTTP\/1\.1 400)/)
    expect(problemIn(second!)).toMatchObject({ status: 400, code: 'invalid-request' })
  })
})

test('an upload that breaks off into what is no chunk is refused, and leaves nothing', async () => {
  const head =
    'POST /api/jobs HTTP/1.1\nHost: localhost\nContent-Type: multipart/form-data; boundary=b\nTransfer-Encoding: chunked'
  const part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.log"\r\n\r\nfirst half, '
  const { socket, answer } = say(request(head, `${part.length.toString(16)}\r\n${part}\r\n`))
  await expect.poll(() => api.jobKeys()).toHaveLength(1)
  socket.write('hunter2\r\n')
  expect(problemIn(await answer)).toMatchObject({ status: 400, code: 'invalid-request' })
  await expect.poll(() => api.jobKeys()).toEqual([])
  expect(await api.objects()).toEqual([])
})
