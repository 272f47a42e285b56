import { Command } from 'ioredis'
import { expect, test } from 'vitest'
import { Deadlines } from '../../src/redis/deadlines.ts'

const told = (command: Command) => command.promise.then(String, (error: Error) => error.message)

test('a command that has had no answer in time fails, whatever came of those around it', async () => {
  const deadlines = new Deadlines(1_000)
  const commands = Array.from({ length: 6 }, () => new Command('ping', [], { replyEncoding: 'utf8' }))
  for (const [at, command] of commands.entries()) {
    deadlines.watch(command)
    if (at % 2 === 1) command.resolve('PONG')
  }
  expect(await Promise.all(commands.map(told))).toEqual(
    commands.map((_, at) => (at % 2 === 1 ? 'PONG' : 'Command timed out')),
  )
})

test('to let go of two hundred thousand commands answered at one moment takes less time than they took to send', () => {
  const deadlines = new Deadlines(60_000)
  const begun = performance.now()
  const commands = Array.from({ length: 200_000 }, () => new Command('ping'))
  for (const command of commands) deadlines.watch(command)
  for (const command of commands) command.resolve('PONG')
  const answered = performance.now()
  const last = new Command('ping')
  deadlines.watch(last)
  // A few ms; it was a minute when each of them was taken from the front of a list.
  expect(performance.now() - answered).toBeLessThan(answered - begun)
  last.resolve('PONG')
})
