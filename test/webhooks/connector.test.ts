import { expect, test } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { answer } from '../support/receiver.ts'
import { receiving, sending } from './attempt.ts'

test('an address that may not be reached is never connected to, by its number or by its name', async () => {
  const receiver = await receiving(answer(200))
  const guard = createAddressGuard({ allow: [], lookup: async () => ['127.0.0.1'] })
  const send = sending(receiver, { guard })
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'hook.example']) {
    expect(await send({ url: `http://${host}:${receiver.port}/` }), host).toMatchObject({
      statusCode: null,
      error: expect.stringContaining(`SLUICE_WEBHOOK_ALLOW=${receiver.allowEntry}`),
      verdict: 'retry',
    })
  }
  expect(receiver.connections).toBe(0)
})

test('a name that turns to a private address after the URL was taken is caught at connection', async () => {
  const receiver = await receiving(answer(200))
  const answers = [['93.184.215.14'], ['127.0.0.1']]
  const guard = createAddressGuard({ allow: [], lookup: async () => answers.shift()! })
  const url = `http://rebound.example:${receiver.port}/`
  expect(await guard.checkUrl(url)).toMatchObject({ ok: true })
  expect(await sending(receiver, { guard })({ url })).toMatchObject({
    statusCode: null,
    error: expect.stringContaining('resolves to 127.0.0.1'),
  })
  expect(receiver.connections).toBe(0)
})

test('a name is asked for again at each new connection, and one that turns in between is caught', async () => {
  const receiver = await receiving(answer(200, { headers: { connection: 'close' } }))
  const answers = [['127.0.0.1'], ['127.0.0.2']]
  const guard = createAddressGuard({ allow: [receiver.allow], lookup: async () => answers.shift()! })
  const send = sending(receiver, { guard })
  const url = `http://hook.example:${receiver.port}/`
  expect(await send({ url })).toMatchObject({ verdict: 'delivered' })
  expect(await send({ url })).toMatchObject({ error: expect.stringContaining('127.0.0.2/32') })
  expect(receiver.connections).toBe(1)
  expect((await receiver.received(1)).headers.host).toBe(`hook.example:${receiver.port}`)
})

test('a resolver that hangs costs an attempt its time and no more, and nothing is sent late', async () => {
  const receiver = await receiving(answer(200))
  const resolver = Promise.withResolvers<string[]>()
  let asked = 0
  const guard = createAddressGuard({
    allow: [receiver.allow],
    lookup: () => (asked++ === 0 ? resolver.promise : Promise.resolve(['127.0.0.1'])),
  })
  const send = sending(receiver, { guard, timeoutMs: 300, connectionsPerOrigin: 1 })
  const url = `http://hook.example:${receiver.port}/`
  const outcome = await send({ url, id: 'late' })
  expect(outcome).toMatchObject({ statusCode: null, verdict: 'retry' })
  expect(outcome.durationMs).toBeLessThan(15_000)
  resolver.resolve(['127.0.0.1'])
  expect(await send({ url, id: 'next' })).toMatchObject({ verdict: 'delivered' })
  expect(receiver.requests.map(request => request.headers['webhook-id'])).toEqual(['next'])
})

test('an attempt given up while its name is still being resolved ends at once, and nothing is sent', async () => {
  const receiver = await receiving(answer(200))
  const resolver = Promise.withResolvers<string[]>()
  const asked = Promise.withResolvers<void>()
  const guard = createAddressGuard({
    allow: [receiver.allow],
    lookup: () => {
      asked.resolve()
      return resolver.promise
    },
  })
  const caller = new AbortController()
  const url = `http://hook.example:${receiver.port}/`
  const send = sending(receiver, { guard, connectionsPerOrigin: 1 })
  const attempt = send({ url, id: 'given up', signal: caller.signal })
  await asked.promise
  caller.abort(new Error('shutting down'))
  await expect(attempt).rejects.toThrow('shutting down')
  resolver.resolve(['127.0.0.1'])
  expect(await send({ url, id: 'next' })).toMatchObject({ verdict: 'delivered' })
  expect(receiver.requests.map(request => request.headers['webhook-id'])).toEqual(['next'])
})
