import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { answer } from '../support/receiver.ts'
import { receiving, sending } from './attempt.ts'

/** Longer than what is not waited for takes; the upper bounds below are half of it and more away. */
const LONG_MS = 1_000

test('an attempt tells how long its name took, and that a kept connection took nothing', async () => {
  const receiver = await receiving(answer(200, { delayMs: LONG_MS }))
  const guard = createAddressGuard({
    allow: [receiver.allow],
    lookup: async () => {
      await wait(LONG_MS)
      return ['127.0.0.1']
    },
  })
  const send = sending(receiver, { guard, connectionsPerOrigin: 1 })
  const url = `http://hook.example:${receiver.port}/`
  const first = await send({ url })
  expect(first.dnsMs).toBeGreaterThanOrEqual(LONG_MS - 5)
  expect(first.connectMs).toEqual(expect.any(Number))
  expect(first.durationMs).toBeGreaterThanOrEqual(first.dnsMs! + first.connectMs! + LONG_MS - 10)
  expect(await send({ url })).toMatchObject({ verdict: 'delivered', dnsMs: null, connectMs: null })
  expect(receiver.connections).toBe(1)
})

test('each of many attempts at once tells of its own connection', async () => {
  const receiver = await receiving(answer(200))
  let asked = 0
  const guard = createAddressGuard({
    allow: [receiver.allow],
    lookup: async () => {
      if (++asked === 2) await wait(LONG_MS)
      return ['127.0.0.1']
    },
  })
  const send = sending(receiver, { guard, connectionsPerOrigin: 3 })
  const url = `http://hook.example:${receiver.port}/`
  const outcomes = await Promise.all(['1', '2', '3'].map(id => send({ url, id })))
  const slow = outcomes.map(({ dnsMs }) => dnsMs! >= LONG_MS - 5)
  expect(slow).toEqual([false, true, false])
})

test('a receiver that accepts late costs the time of connecting, also where nothing comes of it', async () => {
  const server = createServer(async socket => {
    await wait(LONG_MS)
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver = await receiving(answer(200))
  const guard = createAddressGuard({ allow: [{ cidr: '127.0.0.1/32', port }] })
  const outcome = await sending(receiver, { guard })({ url: `https://127.0.0.1:${port}/` })
  expect(outcome).toMatchObject({ statusCode: null, dnsMs: null, error: expect.any(String) })
  expect(outcome.connectMs).toBeGreaterThanOrEqual(LONG_MS - 5)
})

test('a name that does not resolve in time took the whole time, and nothing was connected', async () => {
  const receiver = await receiving(answer(200))
  const resolver = Promise.withResolvers<string[]>()
  const guard = createAddressGuard({ allow: [receiver.allow], lookup: () => resolver.promise })
  const outcome = await sending(receiver, { guard, timeoutMs: 300 })({ url: 'http://hook.example:7250/' })
  expect(outcome.dnsMs).toBeGreaterThanOrEqual(295)
  expect(outcome).toMatchObject({ connectMs: null, error: 'No answer came within 0.3 s.' })
  resolver.resolve([])
})

test('a name that resolves to a forbidden address, or not at all, was looked up and not connected to', async () => {
  const receiver = await receiving(answer(200))
  const guard = createAddressGuard({ allow: [], lookup: async () => ['10.0.0.1'] })
  expect(await sending(receiver, { guard })({ url: 'http://hook.example:7250/' })).toMatchObject({
    dnsMs: expect.any(Number),
    connectMs: null,
    error: expect.stringContaining('10.0.0.1'),
  })
})
