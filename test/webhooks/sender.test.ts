import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { createSender } from '../../src/webhooks/sender.ts'
import { answer, drip, HANG, RESET, raw, redirect, retryAfter, type Script } from '../support/receiver.ts'
import { body, receiving, secret, sending } from './attempt.ts'

test('an attempt is one signed JSON POST, byte for byte, that the verifier accepts', async () => {
  const receiver = await receiving(answer(200, { body: 'thanks' }))
  const before = Date.now()
  const outcome = await sending(receiver)({ url: `${receiver.url}hook/a%20b?x=1&y=2#not-sent` })
  const request = await receiver.received(1)
  expect(request).toMatchObject({ method: 'POST', path: '/hook/a%20b?x=1&y=2' })
  expect(request.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Sluice',
    'webhook-id': 'dlv_1',
    host: `127.0.0.1:${receiver.port}`,
  })
  expect(request.body.toString()).toBe(body)
  expect(receiver.verify(request)).toEqual(JSON.parse(body))
  expect(outcome).toEqual({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    durationMs: expect.any(Number),
    dnsMs: null,
    connectMs: expect.any(Number),
    statusCode: 200,
    error: null,
    response: 'thanks',
    retryAfterMs: null,
    verdict: 'delivered',
  })
  expect(Date.parse(outcome.at)).toBeGreaterThanOrEqual(before)
  expect(receiver.requests).toHaveLength(1)
})

test.each([200, 201, 202, 204, 299])('%d is delivered', async status => {
  const receiver = await receiving(answer(status))
  expect(await sending(receiver)()).toMatchObject({ statusCode: status, error: null, verdict: 'delivered' })
})

test.each([304, 400, 401, 404, 408, 429, 500, 503])('%d is to be tried again', async status => {
  const receiver = await receiving(answer(status))
  expect(await sending(receiver)()).toMatchObject({
    statusCode: status,
    error: expect.stringContaining(String(status)),
    verdict: 'retry',
  })
})

test('410 ends the delivery', async () => {
  const receiver = await receiving(answer(410))
  expect(await sending(receiver)()).toMatchObject({ statusCode: 410, verdict: 'gone', retryAfterMs: null })
})

test.each([301, 302, 303, 307, 308])('a redirect is a failure and is not followed: %d', async status => {
  const receiver = await receiving(request =>
    request.path === '/' ? redirect('/elsewhere', status) : answer(200),
  )
  expect(await sending(receiver)()).toMatchObject({
    statusCode: status,
    error: expect.stringContaining('redirects are not followed'),
    verdict: 'retry',
  })
  expect(receiver.requests).toHaveLength(1)
})

test('the receiver says when to come back', async () => {
  const receiver = await receiving([
    retryAfter(7, 429),
    retryAfter('Fri, 31 Dec 9999 23:59:59 GMT'),
    answer(500),
  ])
  const send = sending(receiver)
  expect(await send()).toMatchObject({ statusCode: 429, retryAfterMs: 7_000 })
  expect(await send()).toMatchObject({ statusCode: 503, retryAfterMs: 24 * 3_600_000 })
  expect(await send()).toMatchObject({ statusCode: 500, retryAfterMs: null })
})

test('of a long answer the first 4 KiB are kept, no character is cut, and the rest is abandoned', async () => {
  // Three bytes each: 4,096 is not a multiple of them.
  const receiver = await receiving([
    answer(500, { body: '€'.repeat(1_000_000) }),
    drip(200, { chunk: 'x'.repeat(5_000) }),
  ])
  const send = sending(receiver)
  expect(await send()).toMatchObject({ statusCode: 500, response: '€'.repeat(1_365) })
  await (await receiver.received(1)).hungUp
  expect(await send()).toMatchObject({ verdict: 'delivered', response: 'x'.repeat(4_096) })
  await (await receiver.received(2)).hungUp
})

test('an answer that is no UTF-8 is kept as far as it can be read', async () => {
  const receiver = await receiving(answer(500, { body: Buffer.from([0x6f, 0x6b, 0xff, 0xe2, 0x82]) }))
  expect(await sending(receiver)()).toMatchObject({ response: 'ok\ufffd\ufffd' })
})

test('a receiver that never answers is given up in time, and hung up on', async () => {
  const receiver = await receiving(HANG)
  const outcome = await sending(receiver, { timeoutMs: 200 })()
  expect(outcome).toMatchObject({
    statusCode: null,
    error: 'No answer came within 0.2 s.',
    verdict: 'retry',
    response: '',
  })
  expect(outcome.durationMs).toBeGreaterThanOrEqual(195)
  expect(outcome.durationMs).toBeLessThan(15_000)
  await (await receiver.received(1)).hungUp
})

test.each([
  [200, 'delivered'],
  [500, 'retry'],
])(
  'a body that drips holds an attempt no longer than its time; its status %d decides',
  async (status, verdict) => {
    const receiver = await receiving(drip(status))
    const outcome = await sending(receiver, { timeoutMs: 200 })()
    expect(outcome).toMatchObject({ statusCode: status, verdict, response: expect.stringMatching(/^\.+$/) })
    expect(outcome.durationMs).toBeLessThan(15_000)
    await (await receiver.received(1)).hungUp
  },
)

test('an answer whose body breaks off counts by its status', async () => {
  const receiver = await receiving(raw('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'))
  expect(await sending(receiver)()).toMatchObject({ statusCode: 200, verdict: 'delivered', response: 'half' })
})

test.each<[string, Script, RegExp]>([
  ['a reset', RESET, /connection was (reset|closed)/],
  ['a connection closed without an answer', raw(''), /connection was closed/],
  ['an answer that is not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), /not valid HTTP/],
  [
    'headers without end',
    raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1 << 20)}\r\n\r\n`),
    /headers of the answer are too large/,
  ],
])('%s is to be tried again, and is told in words', async (_, script, words) => {
  const receiver = await receiving(script)
  expect(await sending(receiver)()).toMatchObject({
    statusCode: null,
    error: expect.stringMatching(words),
    verdict: 'retry',
  })
})

test('a refused connection, an unknown name and a port without TLS are told in words', async () => {
  const receiver = await receiving(answer(200))
  const send = sending(receiver)
  expect(await send({ url: receiver.url.replace('http', 'https') })).toMatchObject({
    error: expect.stringContaining('No secure connection could be agreed upon'),
    verdict: 'retry',
  })
  expect(await send({ url: 'http://unknown.invalid/' })).toMatchObject({
    error: expect.stringMatching(/host name/),
    verdict: 'retry',
  })
  await receiver.close()
  expect(await send()).toMatchObject({ error: 'The connection was refused.', verdict: 'retry' })
})

test('connections are used again, and no more than the bound are open to one receiver', async () => {
  const receiver = await receiving(answer(200, { body: 'ok' }))
  const send = sending(receiver, { connectionsPerOrigin: 3 })
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => send()))
  expect(outcomes.map(outcome => outcome.verdict)).toEqual(Array(30).fill('delivered'))
  expect(receiver.connections).toBe(3)
})

test('an answer that is over, and only longer than what is kept of it, costs no connection', async () => {
  const receiver = await receiving(answer(200, { body: 'x'.repeat(5_000) }))
  const send = sending(receiver, { connectionsPerOrigin: 1 })
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => send()))
  expect(outcomes.map(outcome => outcome.response)).toEqual(Array(5).fill('x'.repeat(4_096)))
  expect(receiver.connections).toBe(1)
})

test('a receiver that hangs holds up no other', async () => {
  const slow = await receiving(HANG)
  const quick = await receiving(answer(200))
  const guard = createAddressGuard({ allow: [slow.allow, quick.allow] })
  const send = sending(quick, { guard, connectionsPerOrigin: 2 })
  const given = new AbortController()
  const hanging = Array.from({ length: 10 }, () => send({ url: slow.url, signal: given.signal }))
  await slow.received(2)
  expect(await send()).toMatchObject({ verdict: 'delivered' })
  given.abort(new Error('enough'))
  for (const attempt of hanging) await expect(attempt).rejects.toThrow('enough')
})

test('an attempt that its caller gives up rejects with the reason, and hangs up', async () => {
  const receiver = await receiving(HANG)
  const send = sending(receiver)
  const caller = new AbortController()
  const attempt = send({ signal: caller.signal })
  const request = await receiver.received(1)
  caller.abort(new Error('shutting down'))
  await expect(attempt).rejects.toThrow('shutting down')
  await request.hungUp
  await expect(send({ signal: caller.signal })).rejects.toThrow('shutting down')
  expect(receiver.requests).toHaveLength(1)
})

test('an attempt given up after its status came is still an outcome', async () => {
  const receiver = await receiving(drip(200))
  const caller = new AbortController()
  // undici tells of an answer's headers before it hands them on: a turn later the attempt has its status.
  const onHeaders = () => setImmediate(() => caller.abort(new Error('shutting down')))
  subscribe('undici:request:headers', onHeaders)
  onTestFinished(() => void unsubscribe('undici:request:headers', onHeaders))
  const attempt = sending(receiver)({ signal: caller.signal })
  const request = await receiver.received(1)
  expect(await attempt).toMatchObject({ statusCode: 200, verdict: 'delivered' })
  await request.hungUp
})

test('closing lets an attempt under way end; a closed sender is a mistake of the caller', async () => {
  const release = Promise.withResolvers<void>()
  const receiver = await receiving(() => release.promise.then(() => answer(200)))
  const sender = createSender({ guard: createAddressGuard({ allow: [receiver.allow] }) })
  const message = {
    url: receiver.url,
    id: 'dlv_1',
    body,
    secrets: [secret],
    signal: new AbortController().signal,
  }
  const attempt = sender.send(message)
  await receiver.received(1)
  const closing = sender.close()
  release.resolve()
  expect(await attempt).toMatchObject({ verdict: 'delivered' })
  await closing
  await expect(sender.send(message)).rejects.toThrow()
})

test('a message that cannot be signed or addressed is a mistake of the caller, not an outcome', async () => {
  const receiver = await receiving(answer(200))
  const sender = createSender({ guard: createAddressGuard({ allow: [receiver.allow] }) })
  onTestFinished(() => sender.close())
  const message = {
    url: receiver.url,
    id: 'dlv_1',
    body,
    secrets: [secret],
    signal: new AbortController().signal,
  }
  await expect(sender.send({ ...message, secrets: [] })).rejects.toThrow('secret')
  await expect(sender.send({ ...message, url: 'nowhere' })).rejects.toThrow('URL')
})
