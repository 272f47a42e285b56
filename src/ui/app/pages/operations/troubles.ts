/** What is wrong now, the worst first: since when, and what to do about it. */
import type { History, Stats, Webhook, Workers } from '../../contract.ts'
import { bytes, counted, duration } from '../../format.ts'
import { stateOf } from '../callbacks/endpoint-state.ts'
import { CAUSES, type Code, failedBy } from './causes.ts'

export interface Trouble {
  readonly tone: 'bad' | 'warn'
  readonly what: string
  /** RFC 3339; null where nothing tells. */
  readonly since: string | null
  readonly todo: string
  /** Where more is to be seen of it. */
  readonly page?: { readonly href: string; readonly words: string }
}

interface Seen {
  readonly stats: Stats
  readonly history: History
  readonly lost: Workers['lost']
  /** None where the reader may not see them. */
  readonly webhooks: readonly Webhook[]
  /** In ms since 1970. */
  readonly now: number
}

/** What happened within this time counts as now, in ms. */
const NOW = 15 * 60_000
/** Of many, so many by name. */
const NAMED = 3
/** In ms: nobody should wait as long for a worker. */
const LONG_WAIT = 60_000

export function troublesOf(seen: Seen): Trouble[] {
  const troubles = [
    ...workers(seen),
    ...lostWorkers(seen),
    ...storage(seen),
    ...queues(seen),
    ...failures(seen),
    ...waits(seen),
    ...callbacks(seen),
    ...endpoints(seen),
  ]
  return troubles.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'))
}

function workers({ stats: { workers, jobs }, history }: Seen): Trouble[] {
  if (workers > 0) return []
  const waiting = jobs.attaching + jobs.pending + jobs.processing
  const last = history.points.findLast(({ completed, failed }) => completed + failed > 0)
  return [
    {
      tone: 'bad',
      what: `No worker runs: ${waiting === 0 ? 'nothing would be processed' : `${counted(waiting, 'job')} cannot go on`}`,
      since: last ? last.at : null,
      todo: 'Start one with npm run worker, or look at the log of those that should run. Uploads are kept until then.',
    },
  ]
}

function lostWorkers({ lost, now }: Seen): Trouble[] {
  const newly = lost.filter(({ seenAt }) => Date.parse(seenAt) >= now - NOW)
  const oldest = newly.at(-1)
  if (!oldest) return []
  const more = newly.length - NAMED
  const named = [
    ...newly.slice(0, NAMED).map(({ id }) => id),
    ...(more > 0 ? [`and ${more.toLocaleString('en')} more`] : []),
  ].join(', ')
  return [
    {
      tone: 'warn',
      what: `${counted(newly.length, 'worker has', 'workers have')} gone without saying so: ${named}`,
      since: oldest.seenAt,
      todo: 'Killed, out of memory, or cut off: look at the logs of workers and machines. What was in hand is taken up by others within 20 s.',
    },
  ]
}

function storage({ stats: { storage } }: Seen): Trouble[] {
  const { freeBytes: free, reserveBytes: reserve } = storage
  if (free === null || free >= 2 * reserve) return []
  return [
    {
      tone: free < reserve ? 'bad' : 'warn',
      what:
        free < reserve
          ? `The storage is full: ${bytes(free)} are free, and uploads are refused`
          : `The storage is nearly full: ${bytes(free)} are free, and below ${bytes(reserve)} uploads are refused`,
      since: null,
      todo: 'Make room on its disk, delete jobs that nobody needs, or keep them for a shorter time (SLUICE_RETENTION).',
      page: { href: '/?status=completed&status=failed&status=cancelled', words: 'Jobs that may be deleted' },
    },
  ]
}

function queues({ stats }: Seen): Trouble[] {
  return Object.entries(stats.queues)
    .filter(([, { paused }]) => paused)
    .map(([name, { waiting }]) => ({
      tone: 'bad',
      what: `The queue ${name} is paused: ${counted(waiting, 'job')} in it ${waiting === 1 ? 'is' : 'are'} not begun`,
      since: null,
      todo: 'Somebody paused it by hand, past Sluice: ask whoever did, then resume it with BullMQ.',
    }))
}

/** What the service is to blame for; that somebody uploads what cannot be read is no trouble of whoever is on call. */
function failures({ history: { points, bucketSeconds, total }, now }: Seen): Trouble[] {
  return (Object.keys(total.failures) as Code[]).flatMap((code): Trouble[] => {
    if (CAUSES[code].upload) return []
    const hit = points.filter(({ failures }) => (failures[code] ?? 0) > 0)
    const [first, newest] = [hit[0], hit.at(-1)]
    if (!first || !newest || Date.parse(newest.at) + bucketSeconds * 1_000 < now - NOW) return []
    const count = hit.reduce((sum, { failures }) => sum + failures[code]!, 0)
    return [
      {
        tone: 'bad',
        what: `${CAUSES[code].what}: ${counted(count, 'job')} failed`,
        since: first.at,
        todo: CAUSES[code].todo,
        page: { href: failedBy(code), words: 'Failed jobs' },
      },
    ]
  })
}

function waits({ history: { points, bucketSeconds }, now }: Seen): Trouble[] {
  const told = points.filter(({ wait }) => wait.count > 0)
  const newest = told.at(-1)
  if (!newest || (newest.wait.p95Ms ?? 0) < LONG_WAIT) return []
  if (Date.parse(newest.at) + bucketSeconds * 1_000 < now - NOW) return []
  const before = told.findLastIndex(({ wait }) => (wait.p95Ms ?? 0) < LONG_WAIT)
  return [
    {
      tone: 'warn',
      what: `Jobs wait for a worker, one in twenty for ${duration(newest.wait.p95Ms!)} or longer`,
      since: told[before + 1]!.at,
      todo: 'See below what the workers have in hand; start more of them if all are busy.',
    },
  ]
}

/** Of all receivers together: whoever may see endpoints is told besides which of them. */
function callbacks({ history: { points, bucketSeconds }, now }: Seen): Trouble[] {
  const told = points.filter(({ deliveries }) => deliveries.delivered + deliveries.failedAttempts > 0)
  const mostFail = ({ deliveries }: History['points'][number]) =>
    deliveries.failedAttempts > deliveries.delivered
  const newest = told.at(-1)
  if (!newest || !mostFail(newest)) return []
  if (Date.parse(newest.at) + bucketSeconds * 1_000 < now - NOW) return []
  const failing = told.slice(told.findLastIndex(point => !mostFail(point)) + 1)
  const count = failing.reduce((sum, { deliveries }) => sum + deliveries.failedAttempts, 0)
  return [
    {
      tone: 'warn',
      what: `Most callbacks are not taken: ${counted(count, 'attempt')} failed`,
      since: failing[0]!.at,
      todo: 'Deliveries say what receivers answer, and are tried again by themselves.',
      page: { href: '/callbacks?status=pending', words: 'Open deliveries' },
    },
  ]
}

function endpoints({ webhooks }: Seen): Trouble[] {
  const disabled = webhooks.filter(webhook => stateOf(webhook) === 'disabled-by-itself')
  const failing = webhooks.filter(webhook => stateOf(webhook) === 'failing')
  const troubles: Trouble[] = []
  if (disabled.length > 0) {
    troubles.push({
      tone: 'warn',
      what: `${counted(disabled.length, 'endpoint is disabled by itself', 'endpoints are disabled by themselves')}: nothing more is sent there`,
      since: null,
      todo: 'Each says why. See to the receiver, enable it, then send again what failed.',
      page: { href: '/callbacks/endpoints?state=disabled', words: 'Disabled endpoints' },
    })
  }
  if (failing.length > 0) {
    troubles.push({
      tone: 'warn',
      what: `Every attempt fails at ${counted(failing.length, 'endpoint')}`,
      since: failing.map(({ failingSince }) => failingSince!).sort()[0]!,
      todo: 'Deliveries say what receivers answer, and are tried again by themselves; 5 days of it disable an endpoint.',
      page: { href: '/callbacks/endpoints?state=failing', words: 'Failing endpoints' },
    })
  }
  return troubles
}
