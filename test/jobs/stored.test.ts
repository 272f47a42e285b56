/** The quota, where it is decided: in the scripts that name uploaded bytes. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UploadedFile } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLeases } from '../../src/jobs/leases.ts'
import { readRecord } from '../../src/jobs/record.ts'
import { createStored, type Stored } from '../../src/jobs/stored.ts'
import { createTransitions, isRefused, type Transitions } from '../../src/jobs/transitions.ts'
import { request, uploaded } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const QUOTA = 100
let server: TestRedis
let redis: Redis
let transitions: Transitions
let stored: Stored

beforeAll(async () => {
  server = await startTestRedis()
  redis = new Redis(server.url)
  stored = createStored(redis)
})
beforeEach(async () => {
  transitions = createTransitions(redis, QUOTA)
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const sized = (size: number): UploadedFile => ({ ...uploaded(`${size}.log`), size })
async function create(sizes: readonly number[], submit = false, token = randomUUID()) {
  const wanted = request()
  const upload = { lease: null, files: sizes.map(sized), submit }
  const answer = await transitions.create(wanted, token, upload)
  return { id: wanted.id, answer, again: () => transitions.create(wanted, token, upload) }
}
async function add(id: string, size: number, token = randomUUID()) {
  const lease = await createLeases(redis).take(id, 'draft')
  if ('refused' in lease) throw new Error(lease.refused)
  const files = [sized(size)]
  const answer = await transitions.addFiles({ id, token, lease: lease.token, maxFiles: 9, files })
  lease.stop()
  return answer
}

describe('a job', () => {
  test('is made as long as its files fit, and no longer; refused, it is not there and nothing is counted', async () => {
    expect(isRefused((await create([60, 40])).answer)).toBe(false)
    expect(await stored.bytes()).toBe(QUOTA)
    const { id, answer } = await create([1])
    expect(answer).toEqual({ refused: 'storage-full' })
    expect(await readRecord(redis, id)).toBeNull()
    expect(await stored.bytes()).toBe(QUOTA)
  })

  test('without a byte is always made: a draft, an empty file', async () => {
    await create([QUOTA])
    expect(isRefused((await create([])).answer)).toBe(false)
    expect(isRefused((await create([0])).answer)).toBe(false)
  })

  test('is counted once, though its script is sent twice', async () => {
    const { again } = await create([60])
    expect(isRefused(await again())).toBe(false)
    expect(await stored.bytes()).toBe(60)
  })

  test('gives its room back when it is deleted, once', async () => {
    const { id } = await create([60])
    const token = randomUUID()
    for (const _ of [1, 2]) await transitions.delete({ id, token, uploadedBytes: 60 })
    expect(await stored.bytes()).toBe(0)
    expect(isRefused((await create([QUOTA])).answer)).toBe(false)
  })
})

describe('a draft', () => {
  test('takes what fits; refused, it keeps what it had, and its upload keeps its lease to give back', async () => {
    const { id } = await create([60])
    expect(await add(id, 41)).toEqual({ refused: 'storage-full' })
    expect((await readRecord(redis, id))?.files).toHaveLength(1)
    expect(await redis.zcard(keys.leases(id))).toBe(1)
    expect(await add(id, 40)).toEqual({ added: ['f2'] })
    expect(await stored.bytes()).toBe(QUOTA)
  })

  test('gives the room of a file back that is taken out, once', async () => {
    const { id } = await create([60, 40])
    const token = randomUUID()
    for (const _ of [1, 2]) await transitions.removeFile({ id, token, fileId: 'f1' })
    expect(await stored.bytes()).toBe(40)
  })
})

test('however many come at once, together they never get more', async () => {
  const made = await Promise.all(Array.from({ length: 50 }, () => create([7])))
  expect(made.filter(({ answer }) => !isRefused(answer))).toHaveLength(14)
  expect(await stored.bytes()).toBe(98)
})

describe('a measurement', () => {
  test('takes the place of what was counted before it', async () => {
    await create([60])
    const measured = await stored.measure()
    await measured(75)
    expect(await stored.bytes()).toBe(75)
    expect((await create([26])).answer).toEqual({ refused: 'storage-full' })
    expect(isRefused((await create([25])).answer)).toBe(false)
  })

  test('does not lose what is named while it is under way; told twice, it says the same', async () => {
    await create([10])
    const measured = await stored.measure()
    await create([20])
    for (const _ of [1, 2]) await measured(10)
    expect(await stored.bytes()).toBe(30)
  })

  test('counts what is given up while it is under way as being there, until the next', async () => {
    const { id } = await create([10])
    const measured = await stored.measure()
    await transitions.delete({ id, token: randomUUID(), uploadedBytes: 10 })
    await measured(10)
    expect(await stored.bytes()).toBe(10)
    await (await stored.measure())(0)
    expect(await stored.bytes()).toBe(0)
  })
})

test('without a quota nothing is counted', async () => {
  transitions = createTransitions(redis)
  const { id } = await create([1_000])
  await add(id, 1_000)
  await transitions.removeFile({ id, token: randomUUID(), fileId: 'f1' })
  await transitions.delete({ id, token: randomUUID(), uploadedBytes: 1_000 })
  expect(await redis.exists(keys.stored)).toBe(0)
})
