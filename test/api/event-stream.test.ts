/** A stream as its client meets it, whatever becomes of its events. */
import type { Context } from 'hono'
import { expect, test, vi } from 'vitest'
import type { Env } from '../../src/api/endpoint.ts'
import { eventStream } from '../../src/api/event-stream.ts'

const context = { req: { method: 'GET' } } as unknown as Context<Env>
const never = new AbortController().signal

test('a stream whose events cannot be read any more ends, so that its client comes again, and frees its place', async () => {
  const leave = vi.fn()
  const response = eventStream(
    context,
    async function* () {
      yield 'data: first\n\n'
      throw new Error('Connection is closed.')
    },
    never,
    { until: never },
    () => leave,
  )
  expect(await response.text()).toContain('data: first')
  expect(leave).toHaveBeenCalled()
})
