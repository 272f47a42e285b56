/** The event log: history, and live. */
import { z } from 'zod'
import { compareEventIds, isEventId, readLog } from '../jobs/events.ts'
import { isFinal } from '../jobs/job.ts'
import { prefersEventStream } from './accept.ts'
import { EVERYONE, maySee } from './callers.ts'
import { type Asked, endpoint } from './endpoint.ts'
import { eventStream, formatEvent } from './event-stream.ts'
import { wholeNumber } from './fields.ts'
import { readJob } from './jobs.ts'
import { createOpenStreams } from './open-streams.ts'
import { invalid } from './problems.ts'
import { EventPage } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

const eventId = z.string().refine(isEventId, 'this is no event id')
/** As the document says it. */
const RESUMES = { 'Last-Event-ID': 'Of a stream that was cut: the last event that was had.' }
const EVENT_STREAM = 'text/event-stream'

export function eventEndpoints(services: Services) {
  const { config, feed, redis, closing } = services
  const places = createOpenStreams(config.maxStreams)
  return [
    endpoint({
      id: 'getJobEvents',
      method: 'get',
      path: '/api/jobs/{id}/events',
      tag: 'Events',
      summary: 'What happened to a job: its history, or with `Accept: text/event-stream` the live stream',
      roles: EVERYONE,
      heeds: RESUMES,
      query: z.strictObject({ after: eventId.optional(), limit: wholeNumber(1, 1_000).prefault(1_000) }),
      answers: {
        200: { description: 'Oldest first.', schema: EventPage, types: [EVENT_STREAM] },
        204: { description: 'A stream of a final job that has nothing left to tell.' },
      },
      problems: ['not-found'],
      async handle(asked) {
        const { id, status } = await readJob(services, asked)
        if (!prefersEventStream(asked.c.req.header('accept'))) {
          const { after = null, limit } = asked.query
          const found = await readLog(redis, id, after, limit + 1)
          const items = found.slice(0, limit)
          return json(200, { items, nextAfter: found.length > limit ? items.at(-1)!.id : null })
        }
        const after = resumeFrom(asked, asked.query.after)
        if (isFinal(status) && after !== null && (await readLog(redis, id, after, 1)).length === 0) {
          return new Response(null, { status: 204 })
        }
        return eventStream(
          asked.c,
          async function* (signal) {
            for await (const event of feed.follow(id, after, signal)) yield formatEvent(event)
          },
          closing,
          asked.caller,
          () => places.enter(asked.caller),
        )
      },
    }),

    endpoint({
      id: 'getEvents',
      method: 'get',
      path: '/api/events',
      tag: 'Events',
      summary: "The live stream of every job's events (an uploader's own only)",
      roles: EVERYONE,
      heeds: RESUMES,
      query: z.strictObject({
        after: eventId.optional(),
        jobId: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .describe('Only of this job. Unlike its own stream, this one goes on when the job is final.'),
      }),
      answers: {
        200: {
          description:
            'Server-Sent Events. Besides the types that a job’s history has: `job.deleted`, the last that is told of it, with ' +
            'empty `data`.',
          types: [EVENT_STREAM],
        },
      },
      handle(asked) {
        const { c, caller } = asked
        const { jobId } = asked.query
        const after = resumeFrom(asked, asked.query.after)
        return eventStream(
          c,
          async function* (signal) {
            for await (const each of feed.followAll(after, signal)) {
              if (each === 'reset') yield 'event: reset\ndata: {}\n\n'
              else if (maySee(caller, each.owner) && (jobId ?? each.event.jobId) === each.event.jobId) {
                yield formatEvent(each.event)
              }
            }
          },
          closing,
          caller,
          () => places.enter(caller),
        )
      },
    }),
  ]
}

/** The later of the two: a reconnecting `EventSource` sends its header along with the URL that it was opened with. */
function resumeFrom({ c }: Asked<unknown, unknown>, after: string | undefined): string | null {
  const header = c.req.header('last-event-id') || undefined
  if (header !== undefined && !isEventId(header)) {
    throw invalid({ parameter: 'Last-Event-ID', message: 'this is no event id' })
  }
  if (header === undefined || after === undefined) return header ?? after ?? null
  return compareEventIds(header, after) > 0 ? header : after
}
