/**
 * Secrets are planted wherever there can be one, and used on good ways and on bad ones; then all that Sluice tells of
 * itself is searched for them: the logs of its processes at their most talkative, problems, events, metrics, the audit
 * log, Bull Board and BullMQ's own jobs.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { API, type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { answer, type Receiver, startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { type MortalS3Server, makeBucket, s3Environment } from '../support/s3-server.ts'
import { findSwift, startSwift } from '../support/swift.ts'

const secret = (name: string) => `${name}${randomBytes(18).toString('hex')}`
/** What nobody may find; those that the service makes itself are added when it has told them. */
const plant = (): Record<string, string> => ({
  'a key of the environment': secret('env'),
  'a key that is none': secret('wrong'),
  'the password of Redis': secret('redis'),
  'a secret of S3': secret('aws'),
  'the token in a callback URL': secret('token'),
  'the token in an endpoint’s URL': secret('hook'),
  'a password in a log': secret('logged'),
  'what a receiver answered': secret('answer'),
  'a session that is none': secret('cookie'),
  'what stands in a broken request': secret('broken'),
  'the secret of callbacks': `whsec_${randomBytes(32).toString('base64')}`,
})
const LOG = (text: string) =>
  `2026-03-01 10:00:00,001 INFO  start\n2026-03-01 10:00:01,001 ERROR login failed password=${text}\n`

const swift = await findSwift()

describe.each(swift ? (['a disk', 'S3'] as const) : (['a disk'] as const))('with its files on %s', where => {
  const planted = plant()
  let redis: TestRedis
  let s3: MortalS3Server | null
  let client: Redis
  let dir: string
  let receiver: Receiver
  let api: RunningProcess
  let worker: RunningProcess
  const problems: string[] = []

  beforeAll(async () => {
    redis = await startTestRedis()
    const password = planted['the password of Redis']!
    const open = new Redis(redis.url)
    await open.config('SET', 'requirepass', password)
    open.disconnect()
    const url = `redis://:${password}@127.0.0.1:${redis.port}`
    client = new Redis(url)
    // It goes away in the middle, and is told so.
    client.on('error', () => undefined)
    dir = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    receiver = await startReceiver({
      respond: request =>
        request.number % 2 === 1
          ? answer(500, { body: planted['what a receiver answered']! })
          : answer(410, { body: planted['what a receiver answered']! }),
    })
    s3 = where === 'S3' ? await startSwift(swift!) : null
    if (s3) planted['a secret of S3'] = s3.credentials.secretAccessKey
    const env = {
      ...(s3 && s3Environment(await makeBucket(s3))),
      REDIS_URL: url,
      SLUICE_DATA_DIR: dir,
      SLUICE_STORAGE_RESERVE: '1MiB',
      SLUICE_LOG_LEVEL: 'trace',
      SLUICE_RATE_LIMIT: 'none',
      SLUICE_API_KEYS: `ada:admin:${planted['a key of the environment']}`,
      SLUICE_WEBHOOK_SECRET: planted['the secret of callbacks']!,
      SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32',
      AWS_ACCESS_KEY_ID: s3?.credentials.accessKeyId ?? 'an-access-key',
      AWS_SECRET_ACCESS_KEY: planted['a secret of S3']!,
    }
    api = await startProcess(API, env)
    worker = await startProcess(WORKER, env)
  })
  afterAll(async () => {
    await Promise.all([api?.kill('SIGKILL'), worker?.kill('SIGKILL')])
    await receiver?.close()
    await s3?.stop()
    client?.disconnect()
    await redis?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const key = () => ({ authorization: `Bearer ${planted['a key of the environment']}` })

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string> = key(),
    body?: string | FormData,
  ) {
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    if (response.status >= 400) problems.push(text)
    return { status: response.status, text, cookie: response.headers.get('set-cookie')?.split(';')[0] }
  }
  const post = (path: string, body: unknown, headers: Record<string, string> = key()) =>
    ask('POST', path, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body))

  async function upload(content: string, callbackUrl: string): Promise<string> {
    const form = new FormData()
    form.append('callbackUrl', callbackUrl)
    form.append('files', new Blob([content]), 'app.log')
    const { status, text } = await ask('POST', '/api/jobs', { ...key(), prefer: 'wait=30' }, form)
    expect(status).toBe(202)
    return (JSON.parse(text) as { id: string }).id
  }

  /** A URL straight to the bucket: whoever has it may write there. Used, and refused for another content than was promised. */
  async function trySignedUrl(): Promise<void> {
    const { id } = JSON.parse((await post('/api/jobs', { pipeline: 'inspect' })).text) as { id: string }
    const presigned = await post(`/api/jobs/${id}/files/presign`, {
      name: 'direct.log',
      size: 5,
      sha256: 'a'.repeat(64),
    })
    expect(presigned.status).toBe(201)
    const { fileId, url, headers } = JSON.parse(presigned.text) as {
      fileId: string
      url: string
      headers: Record<string, string>
    }
    planted['the signature of a URL'] = new URL(url).searchParams.get('X-Amz-Signature')!
    await fetch(url, { method: 'PUT', headers, body: 'other' })
    expect((await post(`/api/jobs/${id}/files/${fileId}/complete`, {})).status).toBe(422)
  }

  /** Makes use of every secret, on ways that succeed and on ways that do not. */
  async function tryAll(): Promise<string[]> {
    const made = JSON.parse((await post('/api/keys', { name: 'made', role: 'uploader' })).text) as {
      key: string
    }
    planted['a key that was made'] = made.key
    const hook = `${receiver.url}hook?token=${planted['the token in an endpoint’s URL']}`
    const endpoint = JSON.parse(
      (await post('/api/webhooks', { url: hook, events: ['job.completed', 'job.failed'] })).text,
    ) as {
      id: string
      secret: string
    }
    planted['the secret of an endpoint'] = endpoint.secret
    const login = await post('/login', { key: made.key }, {})
    planted['a session'] = login.cookie!.split('=')[1]!
    await ask('GET', '/api/jobs', { cookie: login.cookie! })
    await ask('GET', '/api/jobs', { cookie: `sluice_session=${planted['a session that is none']}` })
    await ask('GET', '/api/jobs', { authorization: `Bearer ${planted['a key that is none']}` })
    await post('/login', { key: planted['a key that is none'] }, {})
    await ask(
      'POST',
      '/api/jobs',
      { ...key(), 'content-type': 'application/json' },
      `{"${planted['what stands in a broken request']}`,
    )
    await ask(
      'POST',
      '/api/jobs',
      { ...key(), 'content-type': 'text/plain' },
      planted['what stands in a broken request'],
    )

    const callback = `${receiver.url}?token=${planted['the token in a callback URL']}`
    const jobs = [
      await upload(LOG(planted['a password in a log']!), callback),
      await upload(`${planted['a password in a log']}\0binary`, callback),
    ]
    await ask('GET', `/api/jobs/${jobs[0]}/files/f9/content`)
    if (s3) await trySignedUrl()
    await post(`/api/webhooks/${endpoint.id}/rotate-secret`, {})
    // Each was told of an end, and the attempts came back refused; a 410 disables the endpoint.
    await receiver.received(3)
    return jobs
  }

  /** All that Sluice tells of itself, by where it is told. */
  async function toldWhere(jobs: readonly string[]): Promise<Record<string, string>> {
    const told: Record<string, string> = {
      'the log of the API': api.output(),
      'the log of the worker': worker.output(),
      problems: problems.join('\n'),
    }
    for (const path of [
      '/metrics',
      '/readyz',
      '/api/stats',
      '/api/audit?limit=200',
      '/api/openapi.json',
      '/api/keys',
    ]) {
      told[path] = (await ask('GET', path)).text
    }
    for (const id of jobs) told[`events of ${id}`] = (await ask('GET', `/api/jobs/${id}/events`)).text
    for (const queue of ['attach-file', 'process', 'deliver-webhook']) {
      told[`Bull Board, ${queue}`] = (
        await ask('GET', `/admin/queues/api/queues?activeQueue=${queue}&jobsPerPage=100`)
      ).text
      for (const each of await client.keys(`{sluice}:${queue}:*`)) {
        if ((await client.type(each)) === 'hash') told[each] = JSON.stringify(await client.hgetall(each))
      }
    }
    return told
  }

  function found(told: Record<string, string>): string[] {
    return Object.entries(told).flatMap(([where, text]) =>
      Object.entries(planted)
        .filter(([, value]) => text.includes(value) || text.includes(encodeURIComponent(value)))
        .map(([what]) => `${what} in ${where}`),
    )
  }

  test('no secret is in a log, an event, a problem, a metric, the audit log or Bull Board, on good ways or bad', async () => {
    const jobs = await tryAll()
    await eventually(
      async () =>
        JSON.parse((await ask('GET', '/api/deliveries?limit=50')).text) as {
          items: { attempts: unknown[] }[]
        },
      ({ items }) => items.length >= 3 && items.every(({ attempts }) => attempts.length > 0),
    )
    const told = await toldWhere(jobs)
    expect(told['the log of the worker']!.length).toBeGreaterThan(500)
    expect(found(told)).toEqual([])

    // The search would find one: an admin may see where a delivery goes.
    const deliveries = (await ask('GET', '/api/deliveries')).text
    expect(found({ 'the deliveries': deliveries })).toContain('the token in a callback URL in the deliveries')

    // Then everything breaks.
    await s3?.kill()
    await ask('GET', `/api/jobs/${jobs[0]}/files/f1/content`)
    await ask('GET', '/readyz')
    await redis.kill()
    await ask('GET', '/api/jobs')
    await redis.restart()
    await worker.kill('SIGTERM')
    await api.kill('SIGTERM')
    expect(
      found({
        'the log of the API': api.output(),
        'the log of the worker': worker.output(),
        problems: problems.join('\n'),
      }),
    ).toEqual([])
  })
})
