/** `/livez`: the process answers. `/readyz`: it can take uploads. */
import { setTimeout as delay } from 'node:timers/promises'
import { checkInstallation } from '../jobs/installation.ts'
import { checkDurability } from '../redis/durability.ts'
import { endpoint } from './endpoint.ts'
import { problemOf } from './problems.ts'
import { HealthSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

interface Check {
  /** A `warning` does not keep anybody from uploading. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly messages: readonly string[]
}

/** Milliseconds for each check. Whoever asks waits for a few seconds, and then knows nothing of the others either. */
const LONGEST_MS = 5_000

const LATE: Check = { status: 'failed', messages: [`There was no answer within ${LONGEST_MS / 1_000} s.`] }
const OK: Check = { status: 'ok', messages: [] }
const SCANNER_LAX: Check = {
  status: 'warning',
  messages: ['The virus scanner calls clean what is beyond its limits: set AlertExceedsMax in clamd.conf.'],
}
const SCANNER_AWAY: Check = {
  status: 'warning',
  messages: [
    'The virus scanner does not answer: files wait until it is back, and their jobs stay attaching.',
  ],
}

export function healthEndpoints(services: Services) {
  const { redis, storage, scanner, closing, log } = services

  const checks: Readonly<Record<string, () => Promise<Check>>> = {
    async redis() {
      await redis.ping()
      const { warnings } = await checkDurability(redis)
      return warnings.length > 0 ? { status: 'warning', messages: warnings } : OK
    },
    async storage() {
      await storage.check()
      return OK
    },
    async installation() {
      const belonging = await checkInstallation(redis, storage)
      return belonging.belongs ? OK : { status: 'warning', messages: [belonging.why] }
    },
    // Uploads are taken without it: their files are attached once it is back.
    ...(scanner && {
      async scanner() {
        return scanner.tellsLimits().then(
          tells => (tells ? OK : SCANNER_LAX),
          // Where it is, and what it said, is for the log: anybody may ask here.
          error => {
            log.debug({ err: error }, 'readiness: scanner')
            return SCANNER_AWAY
          },
        )
      },
    }),
    async process() {
      return closing.aborted ? { status: 'failed', messages: ['The process is shutting down.'] } : OK
    },
  }

  const run = async (name: string, check: () => Promise<Check>): Promise<[string, Check]> => {
    const done = new AbortController()
    try {
      const late = delay(LONGEST_MS, LATE, { signal: done.signal })
      return [name, await Promise.race([check(), late])]
    } catch (error) {
      log.debug({ err: error }, `readiness: ${name}`)
      return [name, { status: 'failed', messages: [problemOf(error).detail] }]
    } finally {
      done.abort()
    }
  }

  return [
    endpoint({
      id: 'live',
      method: 'get',
      path: '/livez',
      tag: 'Service',
      summary: 'Whether the process answers',
      roles: 'public',
      answers: { 200: { description: 'It does.', schema: HealthSchema } },
      handle: () => json(200, { status: 'ok', checks: {} }),
    }),

    endpoint({
      id: 'ready',
      method: 'get',
      path: '/readyz',
      tag: 'Service',
      summary: 'Whether uploads can be taken: Redis and the storage answer',
      roles: 'public',
      answers: {
        200: { description: 'Ready.', schema: HealthSchema },
        503: { description: 'Not ready.', schema: HealthSchema },
      },
      async handle() {
        const results = await Promise.all(Object.entries(checks).map(([name, check]) => run(name, check)))
        const ready = results.every(([, { status }]) => status !== 'failed')
        return json(ready ? 200 : 503, {
          status: ready ? 'ok' : 'unavailable',
          checks: Object.fromEntries(results),
        })
      },
    }),
  ]
}
