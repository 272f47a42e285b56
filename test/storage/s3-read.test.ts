import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readGuarded } from '../../src/storage/s3-read.ts'

const AWAY = { name: 'StorageError', code: 'unavailable' }

describe('an object that is read from S3', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('may wait for its reader as long as he likes', async () => {
    const body = new PassThrough()
    const stream = readGuarded(body, 1_000)
    body.write(randomBytes(100_000))
    stream.read(0)
    await vi.advanceTimersByTimeAsync(0)
    await vi.advanceTimersByTimeAsync(1_000_000)
    body.end('!')
    expect(await buffer(stream)).toHaveLength(100_001)
  })

  it('fails where its server sends nothing for too long', async () => {
    const body = new PassThrough()
    const stream = readGuarded(body, 1_000)
    const read = expect(buffer(stream)).rejects.toMatchObject(AWAY)
    body.write('some')
    await vi.advanceTimersByTimeAsync(999)
    expect(stream.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    await read
    expect(body.destroyed).toBe(true)
  })

  it('tells of what fails before anybody reads whoever begins to, and does not end the process', async () => {
    const body = new PassThrough()
    const stream = readGuarded(body, 1_000)
    body.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    await vi.advanceTimersByTimeAsync(0)
    await expect(buffer(stream)).rejects.toMatchObject(AWAY)
  })

  it('lets its connection go when nobody reads it', async () => {
    const body = new PassThrough()
    readGuarded(body, 1_000).destroy()
    expect(body.destroyed).toBe(true)
    const failed = new Readable({ read() {} })
    const stream = readGuarded(failed, 1_000)
    const read = expect(buffer(stream)).rejects.toMatchObject(AWAY)
    failed.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    await read
  })
})
