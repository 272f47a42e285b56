/**
 * How long a page of the list takes with 100,000 jobs, one request after the other, by what the list is narrowed to. The
 * jobs are copies of one that `log-analysis` completed.
 */
import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { Job } from '../src/jobs/job.ts'
import { keys } from '../src/jobs/keys.ts'
import { Bay, type Part } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import { cpuSeconds } from './processes.ts'
import { SMALL_FILE } from './small-file.ts'
import { percentile } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import { createUploader } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const JOBS = 100_000
/** Copies that one script makes. */
const BATCH = 1_000
/** Milliseconds between two jobs. */
const APART = 1_000
/** Pages of each kind that are measured, after some that are not. */
const PAGES = 200
const WARMUP = 30
/** Of a page, ms. */
const MOST = 50

/** One job in a hundred failed, one in a thousand has a ticket, one in ten is bob's. */
const KINDS: readonly { readonly name: string; readonly query: string }[] = [
  { name: 'all', query: '' },
  { name: 'all, 200 a page', query: 'limit=200' },
  { name: 'all, the older half', query: 'createdBefore=MIDDLE' },
  { name: 'status, 1 in 100', query: 'status=failed' },
  { name: 'two statuses', query: 'status=failed&status=completed' },
  { name: 'metadata, 1 in 1,000', query: 'metadata.ticket=INC-7' },
  { name: 'metadata, every 2nd', query: 'metadata.team=red' },
  { name: 'owner, 1 in 10', query: 'owner=bob' },
  { name: 'owner and status', query: 'owner=bob&status=failed' },
  { name: 'text, in every job', query: 'q=team' },
  { name: 'text, in no job', query: 'q=there-is-no-such-text' },
]

/** KEYS: the model's record. ARGV: its id, the first copy's number, how many, when the newest was made, ms apart. */
const COPY = `
for number = tonumber(ARGV[2]), ARGV[2] + ARGV[3] - 1 do
  local id = ARGV[1] .. '-' .. string.format('%.0f', number)
  local made = string.format('%.0f', ARGV[4] - number * ARGV[5])
  local status = number % 100 == 1 and 'failed' or 'completed'
  local record = '{sluice}:job:' .. id
  redis.call('COPY', KEYS[1], record)
  redis.call('HDEL', record, 'labels')
  redis.call('HSET', record, 'id', id, 'status', status, 'createdAt', made, 'owner', number % 10 == 1 and 'bob' or 'ada',
    'metadata', cjson.encode({ team = number % 2 == 0 and 'red' or 'blue', ticket = 'INC-' .. number % 1000 }))
  redis.call('ZADD', '{sluice}:jobs', made, id)
  redis.call('ZADD', '{sluice}:jobs:' .. status, made, id)
  redis.call('ZADD', '{sluice}:finished', made, id)
end`

export async function measureList(tell: (line: string) => void, signal: AbortSignal): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  await using bay = new Bay(attic)
  const env = await sluiceEnvironment(bay)
  const newest = await seed(bay, env, signal)
  const started = performance.now()
  const { url, pid } = await bay.start('api', 'src/api/main.ts', env)
  const redis = bay.pids.get('redis')!
  tell(`  an API that puts ${whole(JOBS)} jobs into its indexes starts in ${seconds(started)} s`)

  const middle = new Date(newest - (JOBS / 2) * APART).toISOString()
  const used = () => cpuSeconds(pid) + cpuSeconds(redis)
  const measured: { name: string; p50: number; p95: number; cpu: number; items: number }[] = []
  for (const { name, query } of KINDS) {
    const page = `${url}/api/jobs?${query.replace('MIDDLE', middle)}`
    const times: number[] = []
    let [items, before] = [0, 0]
    for (let done = -WARMUP; done < PAGES; done++) {
      signal.throwIfAborted()
      if (done === 0) before = used()
      const asked = performance.now()
      const response = await fetch(page, { signal })
      const body = (await response.json()) as { items: Job[] }
      if (!response.ok) throw new Error(`${query} was answered ${response.status}`)
      if (done >= 0) times.push(performance.now() - asked)
      items = body.items.length
    }
    const cpu = ((used() - before) * 1_000) / PAGES
    const row = { name, p50: percentile(times, 50), p95: percentile(times, 95), cpu, items }
    tell(
      `  ${name.padEnd(22)} p50 ${decimal(row.p50).padStart(6)} ms  p95 ${decimal(row.p95).padStart(6)} ms`,
    )
    measured.push(row)
  }
  return {
    title: `A page of the list, of ${whole(JOBS)} jobs`,
    tables: [
      table(
        ['narrowed to', 'p50 ms', 'p95 ms', 'processor ms', 'jobs on the page'],
        measured.map(({ name, p50, p95, cpu, items }) => [
          name,
          decimal(p50),
          decimal(p95),
          decimal(cpu),
          whole(items),
        ]),
      ),
    ],
    floors: measured.map(({ name, p95 }) => ({
      met: p95 < MOST,
      text: `${name}: p95 ${decimal(p95)} ms (less than ${MOST})`,
    })),
  }
}

/** @returns when the newest of them was made. */
async function seed(bay: Bay, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
  const api = await bay.start('api', 'src/api/main.ts', env)
  const worker = await bay.start('worker', 'src/workers/main.ts', env)
  const uploader = bay.use(createUploader(api.url, { connections: 1, content: SMALL_FILE }))
  await uploader.upload({ pipeline: 'log-analysis' }, { prefer: 'wait=60' })
  await Promise.all([end(worker), end(api)])

  const redis = new Redis(env.REDIS_URL!)
  try {
    const [model] = await redis.zrevrange(keys.jobsIn('completed'), 0, 0)
    if (model === undefined) throw new Error('the job to be copied was not completed')
    const newest = Date.now()
    for (let made = 0; made < JOBS; made += BATCH) {
      signal.throwIfAborted()
      await redis.eval(COPY, 1, keys.job(model), model, made, BATCH, newest, APART)
    }
    return newest
  } finally {
    redis.disconnect()
  }
}

async function end({ child }: Part): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

function seconds(since: number): string {
  return decimal((performance.now() - since) / 1_000)
}
