/** The API as a process: what it says to whom, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { API, type Environment, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

let redis: TestRedis
let jobs: Uploader
let env: Environment
const started: { kill(signal: NodeJS.Signals): unknown }[] = []

beforeEach(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
  env = { REDIS_URL: redis.url, ...jobs.env }
})
afterEach(async () => {
  for (const each of started.splice(0)) each.kill('SIGKILL')
  await jobs.close()
  await redis.stop()
})

/** As an operator starts it: nobody's child, so to speak. */
function startAlone(extra: Environment = {}) {
  const child = spawn(process.execPath, [API], {
    env: { PATH: process.env.PATH, PORT: '0', ...env, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const said = { out: '', err: '' }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const url = new Promise<string>(resolve => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text
      const listening = /listening on (\S+)/.exec(said.out)
      if (listening) resolve(listening[1]!)
    })
  })
  return { child, said, url, gone: once(child, 'close').then(([code]) => code as number) }
}

async function startSupervised() {
  const api = await startProcess(API, env)
  started.push(api)
  return api
}

const HEAD = [
  'POST /api/jobs HTTP/1.1',
  'Host: localhost',
  'Content-Type: multipart/form-data; boundary=b',
  'Transfer-Encoding: chunked',
  '',
  '',
].join('\r\n')
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const BEGINNING =
  '--b\r\nContent-Disposition: form-data; name="pipeline"\r\n\r\ninspect\r\n' +
  '--b\r\nContent-Disposition: form-data; name="files"; filename="a.log"\r\n\r\nfirst half, '

/** An upload that is under way: its lease says that the API has it. */
async function beginUpload(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(HEAD + chunk(BEGINNING))
  await expect.poll(() => jobs.redis.keys('{sluice}:job:*:leases')).toHaveLength(1)
  return socket
}

describe('by itself', () => {
  test('it says where it listens, and a signal ends it in order', async () => {
    const api = startAlone()
    expect((await fetch(`${await api.url}/livez`)).status).toBe(200)
    api.child.kill('SIGINT')
    expect(await api.gone).toBe(0)
    expect(api.said.out).toContain('stopped')
  })

  test('a second SIGINT does not wait for uploads', async () => {
    const api = startAlone()
    await beginUpload(await api.url)
    api.child.kill('SIGINT')
    await expect.poll(() => api.said.out).toContain('stopping')
    api.child.kill('SIGINT')
    expect(await api.gone).toBe(130)
  })

  test('a port that is taken is one sentence on standard error', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const api = startAlone({ PORT: String(port) })
    expect(await api.gone).toBe(1)
    other.close()
    expect(api.said.err).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program; set PORT to another one.\n`,
    )
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it in order', async signal => {
    const api = startAlone()
    await api.url
    api.child.kill(signal)
    expect(await api.gone).toBe(0)
    expect(api.said.out).toMatch(/stopped/)
  })
})

describe('under a supervisor', () => {
  test('it leaves it to its parent to say where it listens', async () => {
    const api = await startSupervised()
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await api.kill('SIGTERM')
    expect(api.output()).not.toContain('listening')
  })

  test('it leaves it to its parent to say why it cannot start', async () => {
    const wrong = spawn(process.execPath, [API], {
      env: { PATH: process.env.PATH, ...env, PORT: 'high' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let said = ''
    for (const stream of [wrong.stdout!, wrong.stderr!]) stream.on('data', text => (said += text))
    const [[message], [code]] = await Promise.all([once(wrong, 'message'), once(wrong, 'close')])
    expect(message).toMatchObject({ type: 'failed', message: expect.stringContaining('PORT is "high"') })
    expect({ code, said }).toEqual({ code: 1, said: '' })
  })

  test.each([
    ['Ctrl-C', 'SIGINT'],
    ['the end of the terminal', 'SIGHUP'],
  ] as const)("%s is its parent's to hear", async (_, signal) => {
    const api = await startSupervised()
    process.kill(api.pid, signal)
    process.kill(api.pid, signal)
    expect((await fetch(`${api.url}/livez`)).status).toBe(200)
    await api.kill('SIGTERM')
    expect(await api.gone).toEqual({ code: 0, signal: null })
  })

  test('it ends when it has lost its parent', async () => {
    const orphan = spawn(process.execPath, [API], {
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    started.push(orphan)
    expect((await once(orphan, 'message'))[0]).toMatchObject({ type: 'ready' })
    orphan.disconnect()
    expect((await once(orphan, 'exit'))[0]).toBe(0)
  })
})

test('an upload under way when it is told to stop is taken to its end; nobody else is let in', async () => {
  const api = await startSupervised()
  const socket = await beginUpload(api.url)
  const answer = new Promise<string>(resolve => socket.once('data', data => resolve(data.toString())))
  process.kill(api.pid, 'SIGTERM')
  await api.printed(/stopping/)
  await expect.poll(() => fetch(`${api.url}/livez`).catch(() => 'refused')).toBe('refused')
  socket.write(`${chunk('second half\r\n--b--\r\n')}0\r\n\r\n`)
  expect(await answer).toMatch(/^HTTP\/1\.1 202 /)
  expect(await api.gone).toEqual({ code: 0, signal: null })
  expect(await jobs.redis.zcard('{sluice}:jobs:attaching')).toBe(1)
})
