/**
 * How many requests a key, or an address without one, may send: so that one client that runs wild leaves the others
 * their share. Four budgets besides that of failed logins, because a client that uploads a lot should still be able to
 * look at what became of it: `uploads` that begin, `chunks` of resumable ones, `streams` that are opened, and
 * `requests`, which is all else.
 *
 * Counted in Redis, so that all API processes share them; whoever is over is remembered here, too, and is not counted
 * again until the window ends.
 */
import type { Redis } from 'ioredis'
import ipaddr from 'ipaddr.js'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimit } from '../config.ts'
import { keys } from '../jobs/keys.ts'
import { prefersEventStream } from './accept.ts'
import { Problem } from './problems.ts'
import { UPLOADS_PATH } from './tus/serve.ts'

export type Budget = 'requests' | 'uploads' | 'chunks' | 'streams'

/** Of what `SLUICE_RATE_LIMIT` allows. A stream lasts; a resumable upload is many requests. */
const SHARES: Readonly<Record<Budget, number>> = { requests: 1, uploads: 1, chunks: 10, streams: 0.1 }

/** An address that fails so often to log in within so many seconds is not listened to for the rest of them. */
const FAILED_LOGINS = { points: 10, seconds: 15 * 60 }

/** Who is counted: by the name of a key, or by an address that showed none. */
export type Counted = `key:${string}` | `address:${string}`

export interface RateLimits {
  /**
   * Counts a request.
   *
   * @returns the `RateLimit` headers of its answer
   * @throws Problem `rate-limited`
   */
  count(who: Counted, budget: Budget): Promise<Record<string, string>>
  /** @throws Problem `rate-limited` where an address has failed too often; before its key is looked at. */
  beginLogin(address: string | undefined): Promise<void>
  /** Forgives an address what it got wrong before. */
  loggedIn(address: string | undefined): Promise<void>
}

/** @param limit null: none, apart from that of failed logins. */
export function createRateLimits(redis: Redis, limit: RateLimit | null): RateLimits {
  const limiters = limit && {
    requests: limiter(redis, 'requests', limit),
    uploads: limiter(redis, 'uploads', limit),
    chunks: limiter(redis, 'chunks', limit),
    streams: limiter(redis, 'streams', limit),
  }
  const logins = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: keys.rate('logins'),
    points: FAILED_LOGINS.points,
    duration: FAILED_LOGINS.seconds,
    inMemoryBlockOnConsumed: FAILED_LOGINS.points + 1,
  })

  return {
    async count(who, budget) {
      // A Redis that is away is for the handler to tell, in its own time: to wait for it here, too, would be too long.
      if (!limiters || redis.status !== 'ready') return {}
      const each = limiters[budget]
      const { state, refused } = await consume(each, who)
      const headers = {
        'ratelimit-policy': `"${budget}";q=${each.points};w=${each.duration}`,
        ratelimit: `"${budget}";r=${state.remainingPoints};t=${seconds(state)}`,
      }
      if (!refused) return headers
      throw rateLimited(
        `${each.points} ${WHAT[budget]} in ${each.duration} s are allowed (SLUICE_RATE_LIMIT).`,
        seconds(state),
        headers,
      )
    },

    async beginLogin(address) {
      const { state, refused } = await consume(logins, countedAddress(address))
      if (!refused) return
      throw rateLimited('Too many attempts to sign in came from this address.', seconds(state))
    },

    async loggedIn(address) {
      await logins.delete(countedAddress(address))
    },
  }
}

const WHAT: Readonly<Record<Budget, string>> = {
  requests: 'requests',
  uploads: 'uploads',
  chunks: 'pieces of resumable uploads',
  streams: 'new streams',
}

function limiter(redis: Redis, budget: Budget, { points, seconds }: RateLimit): RateLimiterRedis {
  const allowed = Math.max(1, Math.floor(points * SHARES[budget]))
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: keys.rate(budget),
    points: allowed,
    duration: seconds,
    inMemoryBlockOnConsumed: allowed + 1,
  })
}

async function consume(limiter: RateLimiterRedis, who: string) {
  try {
    return { state: await limiter.consume(who), refused: false }
  } catch (cause) {
    // Anything else is Redis's own trouble.
    if (!(cause instanceof RateLimiterRes)) throw cause
    return { state: cause, refused: true }
  }
}

/** Until the window ends. */
function seconds({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000))
}

export function rateLimited(detail: string, seconds: number, headers: Record<string, string> = {}): Problem {
  return new Problem('rate-limited', `${detail} Try again in ${seconds} s.`, {
    headers: { ...headers, 'retry-after': String(seconds) },
  })
}

/** As an address is counted: of IPv6 the network of a subscriber, who has as many addresses in it as they like. */
export function countedAddress(address: string | undefined): string {
  if (address === undefined || !ipaddr.IPv6.isValid(address)) return address ?? ''
  const [network] = ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString().split('%')
  return `${network}/64`
}

/** Which budget a request with a good key is counted in, by what it says of itself. */
export function budgetOf(method: string, path: string, headers: Headers): Budget {
  if (path === UPLOADS_PATH) return 'uploads'
  if (path.startsWith(`${UPLOADS_PATH}/`)) return 'chunks'
  if (method === 'POST') {
    const isMultipart = /^multipart\//i.test(headers.get('content-type') ?? '')
    return isMultipart || /\/(presign|complete|rerun)$/.test(path) ? 'uploads' : 'requests'
  }
  return path.endsWith('/events') && prefersEventStream(headers.get('accept') ?? undefined)
    ? 'streams'
    : 'requests'
}
