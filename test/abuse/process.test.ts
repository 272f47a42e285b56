/** The catalogue costs no memory, however often it is gone through; and who was refused is still heard. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { form } from '../support/api.ts'
import { API, type RunningProcess, startProcess } from '../support/processes.ts'
import { bytes, connectRaw, file, INSPECT, uploadHead } from '../support/raw-request.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { CATALOGUE, type Entrance } from './catalogue.ts'

const MIB = 2 ** 20
const MAX_FILE_SIZE = 64 * 1_024
let redis: TestRedis
let dir: string
let api: RunningProcess
beforeAll(async () => {
  redis = await startTestRedis()
  dir = await mkdtemp(join(tmpdir(), 'sluice-abuse-'))
  api = await startProcess(API, {
    REDIS_URL: redis.url,
    SLUICE_DATA_DIR: dir,
    SLUICE_STORAGE_RESERVE: '1MiB',
    SLUICE_MAX_FILE_SIZE: String(MAX_FILE_SIZE),
    SLUICE_MAX_FILES: '3',
    SLUICE_LOG_LEVEL: 'error',
  })
})
afterAll(async () => {
  await api.kill('SIGTERM')
  await redis.stop()
  await rm(dir, { recursive: true, force: true })
})

/** A check that nobody runs is none: left out only where a person sees it said. */
function hasCurl(): boolean {
  if (spawnSync('curl', ['--version']).status === 0) return true
  if (process.env.CI && process.env.CI !== 'false') throw new Error('The tests need curl.')
  console.warn('LEFT OUT: No curl was found, so nothing was tried with it.')
  return false
}

/** Objects and buffers. What is resident tells more of the allocator than of what is kept. */
async function bytesInUse(): Promise<number> {
  const metrics = await (await fetch(`${api.url}/metrics`)).text()
  const [heap, external] = ['heap_size_used', 'external_memory'].map(name =>
    Number(new RegExp(`^nodejs_${name}_bytes (\\S+)`, 'm').exec(metrics)![1]),
  )
  return heap! + external!
}

describe('the whole catalogue, again and again', () => {
  const abuses = CATALOGUE.filter(({ slow }) => !slow)
  const goThrough = async (entrance: Entrance) => {
    for (const { say, answer } of abuses) {
      const connection = connectRaw(api.url)
      const said = say(connection, entrance).catch(() => undefined)
      await (answer === null ? connection.closed : connection.answer())
      await said
      connection.socket.destroy()
    }
  }

  test('takes no more memory in the end than at the beginning', async () => {
    const draft = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      body: '{"pipeline":"inspect"}',
      headers: { 'content-type': 'application/json' },
    })
    const { id } = (await draft.json()) as Job
    const entrances = [
      { path: '/api/jobs', fields: INSPECT },
      { path: `/api/jobs/${id}/files`, fields: [] },
    ]
    // Until the code is compiled and the heap has found its size.
    for (let times = 0; times < 3; times++) for (const each of entrances) await goThrough(each)
    const before = await bytesInUse()
    const after: number[] = []
    for (let times = 0; times < 6; times++) {
      for (const each of entrances) await goThrough(each)
      after.push(await bytesInUse())
    }
    // What waits to be collected comes and goes; what is kept is in the least, too.
    expect((Math.min(...after) - before) / MIB).toBeLessThan(12)
  })
})

describe('a client that sends far too much reads why it was refused', () => {
  const expectRefused = (text: string) =>
    expect(JSON.parse(text)).toMatchObject({ status: 413, code: 'file-too-large' })
  const large = new Uint8Array(32 * MIB)

  test('fetch', async () => {
    for (let times = 0; times < 5; times++) {
      const response = await fetch(`${api.url}/api/jobs`, { method: 'POST', body: form({ 'a.log': large }) })
      expectRefused(await response.text())
    }
  })

  test('node:http', async () => {
    for (let times = 0; times < 5; times++) {
      const text = await new Promise<string>((resolve, reject) => {
        const sent = request(
          `${api.url}/api/jobs`,
          { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
          response =>
            response
              .setEncoding('utf8')
              .toArray()
              .then(parts => resolve(parts.join('')), reject),
        )
        sent.on('error', reject)
        sent.write('--b\r\nContent-Disposition: form-data; name="files"; filename="a.log"\r\n\r\n')
        sent.end(large)
      })
      expectRefused(text)
    }
  })

  test.each(['keep-alive', 'close'])(
    'one that reads only when it has sent all (Connection: %s)',
    async kept => {
      const connection = connectRaw(api.url)
      connection.socket.pause()
      const head = uploadHead('/api/jobs', `Content-Length: ${192 * MIB}`, `Connection: ${kept}`)
      const begin = bytes(INSPECT, file('a.log').slice(0, 1))
      await connection.say(head, begin)
      const piece = new Uint8Array(MIB)
      for (let left = 192 * MIB - begin.length; left > 0; left -= piece.length) {
        await connection.say(piece.subarray(0, left))
      }
      connection.socket.resume()
      expectRefused((await connection.answer()).body)
      connection.socket.destroy()
    },
  )

  test.skipIf(!hasCurl())('curl', async () => {
    const path = join(dir, 'large.bin')
    await writeFile(path, large)
    for (const expect100 of ['Expect: 100-continue', 'Expect:']) {
      const args = [
        '--silent',
        '--show-error',
        '-H',
        expect100,
        '-F',
        `files=@${path}`,
        `${api.url}/api/jobs`,
      ]
      expectRefused((await promisify(execFile)('curl', args)).stdout)
    }
  })
})
