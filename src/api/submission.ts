/** What follows a transition that put something into the outbox. */
import type { DeliveryRound } from '../jobs/job.ts'
import type { JobRecord } from '../jobs/record.ts'
import { viewJob } from '../jobs/record.ts'
import type { Asked } from './endpoint.ts'
import { preferredWait, waitUntilFinal } from './prefer.ts'
import type { Services } from './services.ts'

/** Milliseconds that an answer waits for BullMQ; the outbox has what is not there by then. */
const PATIENCE = 2_000

/** Puts a submitted job's flow into BullMQ. Never rejects. */
export function enqueueFlow(services: Services, record: JobRecord): Promise<void> {
  return inTime(services, services.enqueuer.addFlow(record), `the flow of job ${record.id}`)
}

/** Puts the delivery of a job that ended into BullMQ. Never rejects. */
export function enqueueDelivery(services: Services, delivery: DeliveryRound | undefined): Promise<void> {
  return inTime(services, services.enqueuer.deliver(delivery), `delivery ${delivery?.id}`)
}

async function inTime(services: Services, adding: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, PATIENCE)
  })
  const told = adding.catch((error: unknown) => {
    services.log.warn({ err: error }, `${what} was left in the outbox`)
  })
  await Promise.race([told, late])
  clearTimeout(timer)
}

/** 202 with the job, at once or when the client's `Prefer: wait` is over. */
export async function accepted(services: Services, { c }: Asked<unknown, unknown>, record: JobRecord) {
  const wait = preferredWait(c.req.header('prefer'))
  const shown = wait === null ? record : await waitUntilFinal(services, record, wait, c.req.raw.signal)
  return json(202, viewJob(shown), {
    location: `/api/jobs/${record.id}`,
    ...(wait !== null && { 'preference-applied': `wait=${wait}` }),
  })
}

/** A JSON answer. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  })
}
