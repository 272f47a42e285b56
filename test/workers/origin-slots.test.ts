import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOriginSlots } from '../../src/workers/origin-slots.ts'

const A = 'http://a.example'
const B = 'http://b.example'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const slots = () => createOriginSlots({ perOrigin: 2, fastest: 4, patienceMs: 100 })

test('an origin has so many slots, and every other origin its own', async () => {
  const { take } = slots()
  const taken = [await take(A), await take(A), await take(B), await take(B)]
  expect(taken.every(each => each !== null)).toBe(true)

  let settled = false
  void take(A).then(() => {
    settled = true
  })
  await vi.advanceTimersByTimeAsync(99)
  expect(settled).toBe(false)
})

test('a slot given back goes to who has waited longest', async () => {
  const { take } = slots()
  const [first] = [await take(A), await take(A)]
  const order: string[] = []
  const earlier = take(A).then(() => order.push('earlier'))
  await vi.advanceTimersByTimeAsync(90)
  const later = take(A).then(giveBack => order.push(giveBack ? 'later' : 'nothing'))
  await vi.advanceTimersByTimeAsync(9)

  first!()
  await earlier
  expect(order[0]).toBe('earlier')
  await vi.advanceTimersByTimeAsync(100)
  await later
})

test('who answers at once earns slots, up to a limit, and who does not loses what it has earned', async () => {
  const { take } = slots()
  /** So many ask; whoever has a slot gives it back after `ms`. How many had one at the same time, at the most. */
  const most = async (asking: number, ms: number) => {
    let now = 0
    let peak = 0
    const attempts = Array.from({ length: asking }, async () => {
      const giveBack = await take(A)
      peak = Math.max(peak, giveBack ? ++now : now)
      await new Promise(resolve => setTimeout(resolve, ms))
      now -= giveBack ? 1 : 0
      giveBack?.()
    })
    await vi.advanceTimersByTimeAsync(1_000)
    await Promise.all(attempts)
    return peak
  }

  // Someone always holds a slot, or the origin would be forgotten between.
  await take(A)
  expect(await most(20, 1)).toBe(3)
  expect(await most(20, 101)).toBeLessThanOrEqual(3)
  expect(await most(20, 101)).toBe(1)
})

test('a receiver that hangs lets nobody wait longer than the patience, and soon nobody at all', async () => {
  const { take, hasSoon } = slots()
  expect(hasSoon(A)).toBe(true)
  await take(A)
  await take(A)
  expect(hasSoon(A)).toBe(true)
  const waiting = take(A)
  await vi.advanceTimersByTimeAsync(100)
  expect(await waiting).toBeNull()

  await vi.advanceTimersByTimeAsync(1)
  expect(hasSoon(A)).toBe(false)
  expect(await take(A)).toBeNull()
  expect(vi.getTimerCount()).toBe(0)
})

test('no more wait for a receiver than it will have served within the patience', async () => {
  const { take } = slots()
  const first = await take(A)
  await take(A)
  await vi.advanceTimersByTimeAsync(60)
  first!()
  await take(A)
  await take(A)

  // 60 ms an attempt, three slots by now: the fourth to wait would get its own after 120.
  for (let waiting = 0; waiting < 3; waiting++) void take(A)
  expect(await take(A)).toBeNull()
})

test('a fast receiver serves all who ask, without sending one away', async () => {
  const { take } = slots()
  let sentAway = 0
  const attempts = Array.from({ length: 60 }, async () => {
    const giveBack = await take(A)
    if (giveBack === null) sentAway++
    else setTimeout(giveBack, 1)
  })
  await vi.advanceTimersByTimeAsync(100)
  await Promise.all(attempts)
  expect(sentAway).toBe(0)
})

test('the pace of an origin is that of its last attempt, or of one that takes longer', async () => {
  const { take, pace } = slots()
  expect(pace(A)).toBe(0)
  const [first] = [await take(A), await take(A)]
  await vi.advanceTimersByTimeAsync(30)
  first!()
  expect(pace(A)).toBe(30)
  await vi.advanceTimersByTimeAsync(500)
  expect(pace(A)).toBe(500)
  expect(pace(B)).toBe(0)
})
