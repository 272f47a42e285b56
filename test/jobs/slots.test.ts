/** The slots that an origin has over all workers. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Claim,
  type Claimed,
  createDeliveries,
  type Deliveries,
  payloadOf,
} from '../../src/jobs/deliveries.ts'
import { keys } from '../../src/jobs/keys.ts'
import { isRefused } from '../../src/jobs/transitions.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { output, records } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const ORIGIN = 'http://a.example'
const SLOTS = 4
const PACE = 1_000
const CLAIM = { origin: ORIGIN, slots: SLOTS, first: false, pace: PACE }

let server: TestRedis
let redis: Redis
let deliveries: Deliveries
let jobs: ReturnType<typeof records>

beforeAll(async () => {
  server = await startTestRedis()
  redis = new Redis(server.url)
  deliveries = createDeliveries(redis)
  jobs = records(redis)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** A delivery that is due. */
async function due(): Promise<string> {
  const id = await jobs.processing('a', { callbackUrl: `${ORIGIN}/hook` })
  await jobs.transitions.cancel(id)
  return `msg_${id}_r1`
}
const claim = async (delivery: string, token = delivery, how: Partial<Claim> = {}): Promise<Claimed> =>
  deliveries.claim((await deliveries.read(delivery))!, { ...CLAIM, token, ...how })
const verdict = async (...how: Parameters<typeof claim>) => (await claim(...how)).verdict
const attempt = attemptAnswered(500)

test('an origin has so many slots and no more; another origin has its own', async () => {
  for (let taken = 0; taken < SLOTS; taken++) expect(await verdict(await due())).toBe('taken')
  const other = await due()
  expect(await claim(other)).toEqual({ verdict: 'busy', delayMs: 1_000 })
  expect(await verdict(other, 'x', { origin: 'http://b.example' })).toBe('taken')
})

test('the script that keeps an attempt gives its slot back, also where the attempt comes too late', async () => {
  const [first, ...more] = await Promise.all(Array.from({ length: SLOTS + 2 }, due))
  for (const each of [first!, ...more.slice(0, SLOTS - 1)]) expect(await verdict(each)).toBe('taken')
  const [waiting, later] = more.slice(SLOTS - 1)
  expect(await verdict(waiting!)).toBe('busy')
  const args = { id: first!, round: 1, token: first!, origin: ORIGIN, attempt }
  await deliveries.attempted({ ...args, verdict: 'failed' })
  expect(await verdict(waiting!)).toBe('taken')
  expect(await verdict(later!)).toBe('busy')
  // The worker froze meanwhile: the attempt is refused, and its slot is free all the same.
  const second = more[0]!
  expect(
    await deliveries.attempted({ ...args, id: second, token: second, round: 7, verdict: 'failed' }),
  ).toEqual({ refused: 'stale' })
  expect(await verdict(later!)).toBe('taken')
})

test('a slot can be given back without an attempt, and those of a dead worker come free by themselves', async () => {
  const [first, second, ...more] = await Promise.all(Array.from({ length: SLOTS + 2 }, due))
  for (const each of [first!, second!, ...more.slice(0, 2)]) expect(await verdict(each)).toBe('taken')
  await deliveries.release(ORIGIN, first!)
  expect(await verdict(more[2]!)).toBe('taken')
  expect(await verdict(more[3]!)).toBe('busy')
  const ends = Number(await redis.zscore(keys.originSlots(ORIGIN), second!))
  expect(ends - Date.now()).toBeGreaterThan(15_000)
  expect(ends - Date.now()).toBeLessThanOrEqual(20_000)
  expect(
    await redis.pttl(keys.originSlots(ORIGIN)),
    'an origin is forgotten with its last slot',
  ).toBeGreaterThan(0)
  // Its time passes.
  await redis.zadd(keys.originSlots(ORIGIN), Date.now() - 1, second!)
  expect(await verdict(more[3]!)).toBe('taken')
})

test('a claim that is sent twice takes one slot, also the last', async () => {
  const all = await Promise.all(Array.from({ length: SLOTS }, due))
  for (const each of all) {
    expect(await verdict(each)).toBe('taken')
    expect(await verdict(each)).toBe('taken')
  }
  expect(await redis.zcard(keys.originSlots(ORIGIN))).toBe(SLOTS)
})

test('first attempts leave a quarter of the slots to those that were sent away before', async () => {
  for (let taken = 0; taken < 3; taken++)
    expect(await verdict(await due(), `${taken}`, { first: true })).toBe('taken')
  const sentAway = await due()
  expect(await verdict(sentAway, 'x', { first: true })).toBe('busy')
  expect(await verdict(sentAway, 'x')).toBe('taken')
})

test('who waits the longest comes again the soonest, and a long line costs few turns', async () => {
  for (let taken = 0; taken < SLOTS; taken++) await claim(await due())
  const line = await Promise.all(Array.from({ length: 40 * SLOTS }, due))
  const delays: number[] = []
  for (const each of line) {
    const answer = await claim(each)
    if (answer.verdict === 'busy') delays.push(answer.delayMs)
  }
  expect(delays).toEqual(line.map((_, index) => Math.max(1_000, Math.min(30_000, (index / SLOTS) * PACE))))
  const tenth = line[10 * SLOTS]!
  expect(await claim(tenth), 'it keeps its place').toEqual({ verdict: 'busy', delayMs: 10_000 })
  expect(await claim(tenth, 'x', { pace: 50 }), 'a fast origin').toEqual({ verdict: 'busy', delayMs: 1_000 })
  await deliveries.release(ORIGIN, (await redis.zrange(keys.originSlots(ORIGIN), '0', '0'))[0]!)
  expect(await verdict(line[0]!)).toBe('taken')
  expect(await claim(tenth), 'and moves up').toEqual({ verdict: 'busy', delayMs: 9_750 })
})

test('a process without a place of its own lines up, although there is a slot', async () => {
  expect(await claim(await due(), 'x', { full: true })).toEqual({ verdict: 'busy', delayMs: 1_000 })
  expect(await redis.zcard(keys.originSlots(ORIGIN))).toBe(0)
})

test('a delivery that is gone takes no slot', async () => {
  const id = await due()
  const record = (await deliveries.read(id))!
  await redis.del(keys.delivery(id))
  const wanted = { origin: ORIGIN, token: 'x', slots: SLOTS, first: false, pace: PACE }
  expect(await deliveries.claim(record, wanted)).toEqual({ verdict: 'gone' })
  expect(await redis.zcard(keys.originSlots(ORIGIN))).toBe(0)
})

describe('the end of a job', () => {
  const slot = (token: string) => deliveries.slot({ origin: ORIGIN, token, slots: SLOTS })
  const end = async (token: string) => {
    const id = await jobs.processing(token, { callbackUrl: `${ORIGIN}/hook` })
    const checkpoint = { stage: 'second', index: 2, durationMs: 1, output: output() }
    const finish = async () => {
      const answer = await jobs.transitions.finish({
        id,
        token,
        checkpoint,
        result: { files: 1 },
        slot: slot(token),
      })
      if (isRefused(answer)) throw new Error(answer.refused)
      return answer
    }
    return { ended: await finish(), again: finish }
  }

  test('takes a slot for the callback, and answers what a claim would have given', async () => {
    const { ended, again } = await end('a')
    const payload = payloadOf(ended.delivery!, ended.frozen!)
    expect(payload).toMatchObject({ type: 'job.completed', data: { job: { result: { files: 1 } } } })
    expect(await redis.zrange(keys.originSlots(ORIGIN), '0', '-1')).toEqual(['a'])
    expect(await redis.pttl(keys.originSlots(ORIGIN))).toBeGreaterThan(15_000)
    expect(await deliveries.claim(ended.delivery!, { ...CLAIM, token: 'a' })).toEqual({
      verdict: 'taken',
      payload,
    })
    // Whose answer was lost asks once more, and claims what it has.
    const { frozen, ...answer } = ended
    expect(await again()).toEqual(answer)
    expect(await redis.zcard(keys.originSlots(ORIGIN))).toBe(1)
  })

  test('is told without its callback to who asks again when others have seen to that meanwhile', async () => {
    const { ended, again } = await end('a')
    const made = { id: ended.delivery!.id, round: 1, origin: ORIGIN }
    const failed = { ...made, token: 'b', attempt: attemptAnswered(500) }
    await deliveries.attempted({ ...failed, verdict: 'retry', delayMs: 5_000 })
    expect(await again()).toEqual({ ok: true })
    const taken = { ...made, token: 'c', attempt: attemptAnswered(200) }
    await deliveries.attempted({ ...taken, verdict: 'delivered' })
    expect(await again()).toEqual({ ok: true })
    expect(await redis.exists(keys.originSlots(ORIGIN))).toBe(0)
  })

  test('by a failure is told in the same way', async () => {
    const id = await jobs.processing('a', { callbackUrl: `${ORIGIN}/hook` })
    const error = { code: 'stage-failed', message: 'broken' } as const
    const fail = () => jobs.transitions.attemptFailed({ id, token: 'a', incurable: true, error })
    const ended = await fail()
    expect(ended).toMatchObject({ final: true, delivery: { type: 'job.failed' } })
    expect(await fail()).toEqual(ended)
    const made = { id: `msg_${id}_r1`, round: 1, token: 'b', origin: ORIGIN }
    await deliveries.attempted({ ...made, attempt: attemptAnswered(200), verdict: 'delivered' })
    expect(await fail()).toEqual({ final: true })
  })

  test('leaves a quarter of the slots to those that were sent away before', async () => {
    for (const token of ['a', 'b', 'c']) expect((await end(token)).ended).toHaveProperty('frozen')
    const { ended } = await end('d')
    expect(ended).not.toHaveProperty('frozen')
    expect(ended.delivery).toBeDefined()
    expect(await redis.zcard(keys.originSlots(ORIGIN))).toBe(3)
  })

  test('takes none where there is nobody to be called back', async () => {
    const id = await jobs.processing('a')
    const checkpoint = { stage: 'second', index: 2, durationMs: 1, output: output() }
    expect(
      await jobs.transitions.finish({ id, token: 'a', checkpoint, result: {}, slot: slot('a') }),
    ).toEqual({ ok: true })
    expect(await redis.exists(keys.originSlots(ORIGIN))).toBe(0)
  })
})
