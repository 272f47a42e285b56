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

test('two hundred thousand commands that are answered at one moment hold nobody up', () => {
  const deadlines = new Deadlines(60_000)
  const commands = Array.from({ length: 200_000 }, () => new Command('ping'))
  for (const command of commands) deadlines.watch(command)
  for (const command of commands) command.resolve('PONG')
  const last = new Command('ping')
  const begun = performance.now()
  deadlines.watch(last)
  // Some 5 ms; it was a minute when each of them was taken from the front of a list.
  expect(performance.now() - begun).toBeLessThan(1_000)
  last.resolve('PONG')
})
