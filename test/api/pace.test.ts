/** How slow a body may be, by a clock that stands still but for the test. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Pace, watchPace } from '../../src/api/pace.ts'
import type { Problem } from '../../src/api/problems.ts'

const PACE: Pace = { idleMs: 30_000, minRate: 1_000, windowMs: 60_000, setting: 'THE_SETTING' }
const HOUR = 3_600

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  for (const body of bodies.splice(0)) body.watch.stop()
  vi.useRealTimers()
})

const bodies: Body[] = []

/** As much of a request as is looked at. */
class Body extends EventEmitter {
  readonly socket = { bytesRead: 0, setTimeout: vi.fn() }
  readableLength = 0
  complete = false
  readonly told: Problem[] = []
  readonly watch: { stop(): void }

  constructor(pace = PACE) {
    super()
    const request = this as unknown as IncomingMessage
    bodies.push(this)
    this.watch = watchPace(request, problem => this.told.push(problem), pace)
  }
  /** Lets time pass in which bytes come evenly. */
  pass(seconds: number, bytesASecond: number): void {
    for (let at = 0; at < seconds; at++) {
      this.socket.bytesRead += bytesASecond
      vi.advanceTimersByTime(1_000)
    }
  }
}

test('a body that is too slow over the window is ended, with what came, what is wanted and who says so', () => {
  const body = new Body()
  body.pass(59, 900)
  expect(body.told).toEqual([])
  body.pass(11, 900)
  expect(body.told).toMatchObject([{ code: 'upload-timeout', status: 408 }])
  expect(body.told[0]!.detail).toMatch(/^900 bytes a second came over 6\d s; at least 1000 .*THE_SETTING/)
})

test('one that is fast enough may take hours, and may rest within the window', () => {
  const body = new Body()
  body.pass(3 * HOUR, 1_001)
  for (let times = 0; times < 60; times++) {
    body.pass(25, 0)
    body.pass(35, 2_000)
  }
  expect(body.told).toEqual([])
})

test('one that was fast is not forgiven for being slow now', () => {
  const body = new Body()
  body.pass(HOUR, 1_000_000)
  body.pass(2 * 70, 1)
  expect(body.told).not.toEqual([])
})

test.each([
  ['are not fetched, because our disk is slow', { readableLength: 1 }],
  ['have all come, and are being synced', { complete: true }],
])('bytes that %s are not the fault of the client', (_, state) => {
  const body = Object.assign(new Body(), state)
  body.pass(HOUR, 0)
  body.emit('timeout')
  expect(body.told).toEqual([])
})

test('the window begins anew where our own turn ends', () => {
  const body = new Body()
  body.readableLength = 1
  body.pass(HOUR, 0)
  body.readableLength = 0
  body.pass(55, 0)
  expect(body.told).toEqual([])
  body.pass(20, 0)
  expect(body.told).toHaveLength(1)
})

test('silence is told by the socket, at its own time', () => {
  const body = new Body()
  expect(body.socket.setTimeout).toHaveBeenCalledWith(30_000)
  body.emit('timeout')
  expect(body.told).toMatchObject([{ code: 'upload-timeout', detail: 'No byte came for 30 s.' }])
})

test('a least rate of 0 lets anybody be slow', () => {
  const body = new Body({ ...PACE, minRate: 0 })
  body.pass(HOUR, 0)
  expect(body.told).toEqual([])
})

test('all bodies share one timer, and it ends with the last of them', () => {
  const [one, other] = [new Body(), new Body()]
  expect(vi.getTimerCount()).toBe(1)
  one.watch.stop()
  expect(vi.getTimerCount()).toBe(1)
  other.emit('end')
  expect(vi.getTimerCount()).toBe(0)
})
