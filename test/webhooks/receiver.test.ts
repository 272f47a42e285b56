import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { answer, HANG } from '../support/receiver.ts'
import { body, receiving, secret, sending } from './attempt.ts'

test('the receiver refuses what is unsigned or altered', async () => {
  const receiver = await receiving(answer(200))
  await fetch(receiver.url, { method: 'POST', body })
  const unsigned = await receiver.received(1)
  expect(() => receiver.verify(unsigned)).toThrow('Missing required headers')
  await sending(receiver)()
  const signed = await receiver.received(2)
  expect(receiver.verify(signed, secret)).toEqual(JSON.parse(body))
  expect(() => receiver.verify({ ...signed, body: Buffer.from('{}') })).toThrow('No matching signature')
})

test('a request that breaks off has not been received', async () => {
  const receiver = await receiving(answer(200))
  const socket = connect(receiver.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf')
  socket.resetAndDestroy()
  await fetch(receiver.url, { method: 'POST', body: 'whole' })
  expect((await receiver.received(1)).body.toString()).toBe('whole')
  expect(receiver.requests).toHaveLength(1)
})

test('waiting for a request that does not come ends, and says how many came', async () => {
  const receiver = await receiving(answer(200))
  await fetch(receiver.url)
  await expect(receiver.received(2, 50)).rejects.toThrow('1 of 2 requests came within 50 ms')
})

test('a script may be changed while the receiver runs, and closing breaks off what hangs', async () => {
  const receiver = await receiving([answer(500), answer(503)])
  const statuses = [await fetch(receiver.url), await fetch(receiver.url), await fetch(receiver.url)]
  expect(statuses.map(response => response.status)).toEqual([500, 503, 503])
  receiver.respond(HANG)
  const hanging = fetch(receiver.url)
  await receiver.received(4)
  await Promise.all([receiver.close(), expect(hanging).rejects.toThrow()])
})
