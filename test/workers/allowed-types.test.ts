/** `SLUICE_ALLOWED_TYPES`: what is let in, by what it is. */
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { admit } from '../../src/workers/allowed-types.ts'
import { type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const TEXT = Buffer.from('2026-03-01 10:00:00 INFO  all is well\n')
const GZIP = gzipSync(TEXT)
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n')
const NOTHING = Buffer.alloc(0)

describe('a file is let in', () => {
  test.each<[string, Buffer, declared: string, allowed: string[] | null, as: string]>([
    ['where nothing is asked of it', PNG, 'text/plain', null, 'image/png'],
    ['as what it is, not as what it was said to be', PNG, 'text/plain', ['image/png'], 'image/png'],
    ['as one of a family', PNG, 'application/octet-stream', ['text/*', 'image/*'], 'image/png'],
    [
      'as plain text, whatever a client guesses by its name',
      TEXT,
      'application/octet-stream',
      ['text/plain'],
      'text/plain',
    ],
    ['as plain text, though it was said to be a picture', TEXT, 'image/png', ['text/*'], 'text/plain'],
    [
      'as the kind of text that it was said to be, if that is on the list',
      TEXT,
      'text/csv',
      ['text/*'],
      'text/csv',
    ],
    [
      'as JSON, though only its client says so',
      TEXT,
      'application/json',
      ['application/json'],
      'application/json',
    ],
    [
      'as plain text where the kind that it was said to be is not on the list',
      TEXT,
      'text/html',
      ['text/plain'],
      'text/plain',
    ],
    [
      'as text, though it begins with the two letters of a bitmap',
      Buffer.from('BM25 scores were computed\n'),
      'text/plain',
      ['text/*'],
      'text/plain',
    ],
    [
      'as the kind of text that it begins as',
      Buffer.from('BEGIN:VCALENDAR\n'),
      'text/plain',
      ['text/calendar'],
      'text/calendar',
    ],
    ['as text where it is empty', NOTHING, 'application/zip', ['text/*'], 'text/plain'],
    ['as gzip, whatever is in it', GZIP, 'text/plain', ['application/gzip'], 'application/gzip'],
  ])('%s', async (_, content, declared, allowed, type) => {
    expect(await admit(content, declared, allowed)).toEqual({ admitted: true, type })
  })
})

describe('a file is not let in', () => {
  test.each<[string, Buffer, declared: string, allowed: string[], found: string]>([
    ['as text, when it is a picture', PNG, 'text/plain', ['text/*', 'application/json'], 'image/png'],
    ['as a picture, when it is text', TEXT, 'image/png', ['image/*'], 'text/plain'],
    ['as text, when it is a document that begins like one', PDF, 'text/plain', ['text/*'], 'application/pdf'],
    [
      'for belonging to a family of which only another is listed',
      GZIP,
      'application/zip',
      ['application/zip'],
      'application/gzip',
    ],
    ['for a name that only begins like it', TEXT, 'text/plain', ['text/plainest', 'te/*'], 'text/plain'],
    [
      'because it is empty, where only archives are',
      NOTHING,
      'application/zip',
      ['application/zip'],
      'text/plain',
    ],
    ['as JSON, when its client does not say so', TEXT, 'text/plain', ['application/json'], 'text/plain'],
  ])('%s', async (_, content, declared, allowed, found) => {
    expect(await admit(content, declared, allowed)).toEqual({ admitted: false, found })
  })
})

describe('SLUICE_ALLOWED_TYPES', () => {
  let redis: TestRedis
  let jobs: Uploader
  let worker: RunningProcess | undefined
  beforeAll(async () => {
    redis = await startTestRedis()
  })
  beforeEach(async () => {
    await redis.flush()
    jobs = await createUploader(redis.url)
    worker = await startProcess(WORKER, {
      REDIS_URL: redis.url,
      ...jobs.env,
      SLUICE_ALLOWED_TYPES: 'Text/*, application/gzip',
    })
  })
  afterEach(async () => {
    await worker?.kill('SIGKILL')
    await jobs.close()
  })
  afterAll(() => redis.stop())

  const inspected = { pipeline: 'inspect', stages: [{ name: 'inspection', weight: 1 }] }

  test('lets in what is on it, empty files too', async () => {
    const files = { 'a.log': TEXT, 'a.log.gz': GZIP, empty: NOTHING }
    const { status, files: attached } = await jobs.ended(await jobs.upload({ ...inspected, files }))
    expect(status).toBe('completed')
    expect(attached.map(({ type }) => type)).toEqual(['text/plain', 'application/gzip', 'text/plain'])
  })

  test('a picture that is called a log fails its job, with a sentence that names file, type and setting', async () => {
    const files = { 'a.log': TEXT, 'b.log': PNG }
    const id = await jobs.upload({ ...inspected, files })
    const record = await jobs.ended(id)
    const error = {
      code: 'file-type-not-allowed',
      fileId: 'f2',
      message:
        '"b.log" is image/png by its content, and SLUICE_ALLOWED_TYPES lets in only text/*, application/gzip.',
    }
    expect(record).toMatchObject({ status: 'failed', error })
    expect(record.files[1]).toMatchObject({ status: 'failed', type: 'text/plain' })
    const story = await jobs.story(id)
    expect(story.find(({ type }) => type === 'file.failed')!.data).toMatchObject({ fileId: 'f2', error })
    expect(story.map(({ type }) => type)).not.toContain('job.started')
    expect(await jobs.transitions.retry(id, 'by hand')).toEqual({ refused: 'job-not-retryable' })
  })
})
