/** What the page of a job makes of its events and its record, without a browser. */
import { describe, expect, test } from 'vitest'
import type { EventData, EventType, Job, JobEvent } from '../../src/ui/app/contract.ts'
import { linesLike, warningsOf } from '../../src/ui/app/pages/job/log-filter.ts'
import { changed, UNKNOWN } from '../../src/ui/app/pages/job/state.ts'
import { percentOf, placesOf, type Story, stepsOf, tell, UNTOLD } from '../../src/ui/app/pages/job/story.ts'

const START = Date.parse('2026-03-01T10:00:00.000Z')

/** @param ms since the story's begin */
function event(ms: number, type: EventType, data: EventData = {}, run = 1): JobEvent {
  const at = START + ms
  return { id: `${at}-0`, type, jobId: 'j', run, at: new Date(at).toISOString(), data }
}

const ERROR = { code: 'stage-failed', message: 'The disk was full.', stage: 'two', attempts: 3 } as const

const BEGIN = [
  event(0, 'job.created', { status: 'draft', pipeline: 'p' }),
  event(10, 'file.uploaded', { fileId: 'f1', name: 'a.log', size: 1 }),
  event(20, 'file.uploaded', { fileId: 'f2', name: 'b.log', size: 1 }),
  event(1_000, 'job.submitted', { status: 'attaching', files: 2 }),
  event(1_100, 'file.attached', { fileId: 'f1', name: 'a.log' }),
  event(1_200, 'file.attached', { fileId: 'f2', name: 'b.log' }),
  event(1_300, 'job.ready', { status: 'pending', filesAttached: 2, message: 'Job ready for processing' }),
  event(2_000, 'job.started', { status: 'processing', attempt: 1, start: 1, worker: 'w:1' }),
  event(2_010, 'stage.started', { stage: 'one', overall: 0 }),
  event(2_500, 'stage.progress', { stage: 'one', percent: 40, overall: 20, message: 'a.log' }),
  event(3_000, 'stage.progress', { stage: 'one', percent: 80, overall: 40, message: 'b.log' }),
  event(3_500, 'stage.completed', { stage: 'one', overall: 50, durationMs: 1_490, artifacts: [] }),
  event(3_510, 'stage.started', { stage: 'two', overall: 50 }),
  event(3_600, 'job.log', { stage: 'two', level: 'warn', message: 'The disk is nearly full.' }),
]
const RETRY = [
  event(4_000, 'job.retrying', {
    status: 'pending',
    reason: 'failed',
    attempt: 1,
    error: ERROR,
    delayMs: 1_000,
  }),
  event(5_000, 'job.started', { status: 'processing', attempt: 2, start: 2, worker: 'w:2' }),
]

function job(changes: Partial<Job> = {}): Job {
  return {
    id: 'j',
    status: 'processing',
    run: 1,
    owner: 'anonymous',
    pipeline: 'p',
    priority: 0,
    metadata: {},
    callbackUrl: null,
    files: [],
    progress: {
      percent: 0,
      stage: null,
      stageIndex: 0,
      stageCount: 2,
      stages: [
        { name: 'one', status: 'pending', percent: 0 },
        { name: 'two', status: 'pending', percent: 0 },
      ],
    },
    attempts: { made: 1, max: 3 },
    result: null,
    error: null,
    artifacts: [],
    createdAt: '',
    readyAt: null,
    startedAt: null,
    finishedAt: null,
    links: { self: '', events: '', artifacts: '' },
    ...changes,
  }
}

const newest = (story: Story) => story.runs.at(-1)!

describe('the story of a job', () => {
  test('is the same however its events arrive: at once, one by one, cut and told again', () => {
    const events = [...BEGIN, ...RETRY]
    const atOnce = tell(UNTOLD, events)
    const oneByOne = events.reduce((story, each) => tell(story, [each]), UNTOLD)
    const again = tell(tell(tell(UNTOLD, events.slice(0, 7)), events.slice(2, 12)), events)
    expect(oneByOne).toEqual(atOnce)
    expect(again).toEqual(atOnce)
  })

  test('stays the very same where nothing was new, so that nothing is drawn again', () => {
    const story = tell(UNTOLD, BEGIN)
    expect(tell(story, BEGIN)).toBe(story)
  })

  test('changes nothing that was told before', () => {
    const before = tell(UNTOLD, BEGIN)
    const kept = structuredClone(before)
    tell(before, RETRY)
    expect(before).toEqual(kept)
  })

  test('orders two events of one millisecond by what counts within it', () => {
    const first = { ...event(5, 'job.created', { status: 'draft' }), id: `${START + 5}-9` }
    const second = { ...event(5, 'job.submitted', { status: 'attaching' }), id: `${START + 5}-10` }
    expect(newest(tell(tell(UNTOLD, [first]), [second, first])).moments).toHaveLength(2)
  })

  test('folds what comes in rows into one moment, and tells the time between moments', () => {
    const { moments } = newest(tell(UNTOLD, BEGIN))
    expect(moments.map(({ type, count, gapMs }) => [type, count, gapMs])).toEqual([
      ['job.created', 1, null],
      ['file.uploaded', 2, 10],
      ['job.submitted', 1, 980],
      ['file.attached', 2, 100],
      ['job.ready', 1, 100],
      ['job.started', 1, 700],
      ['stage.started', 1, 10],
      ['stage.progress', 2, 490],
      ['stage.completed', 1, 500],
      ['stage.started', 1, 10],
    ])
    expect(moments[1]!.names).toEqual(['a.log', 'b.log'])
    expect(moments[7]!.event.data.percent).toBe(80)
  })

  test('does not fold the progress of one stage into that of another', () => {
    const { moments } = newest(
      tell(UNTOLD, [
        event(0, 'stage.progress', { stage: 'one', percent: 1 }),
        event(1, 'stage.progress', { stage: 'two', percent: 1 }),
      ]),
    )
    expect(moments).toHaveLength(2)
  })

  test('keeps runs apart, and log lines out of the timeline', () => {
    const story = tell(UNTOLD, [
      ...BEGIN,
      event(6_000, 'job.failed', { status: 'failed', error: ERROR }),
      event(7_000, 'job.retried', { status: 'pending', run: 2 }, 2),
      event(7_001, 'job.log', { stage: 'two', level: 'info', message: 'Again.' }, 2),
    ])
    expect(story.runs.map(({ run, moments }) => [run, moments.at(-1)!.type])).toEqual([
      [1, 'job.failed'],
      [2, 'job.retried'],
    ])
    expect(story.lines.map(({ run, message }) => [run, message])).toEqual([
      [1, 'The disk is nearly full.'],
      [2, 'Again.'],
    ])
  })

  test('tells each start of a worker and how it ended', () => {
    const { attempts } = newest(tell(UNTOLD, [...BEGIN, ...RETRY]))
    expect(attempts).toMatchObject([
      { attempt: 1, worker: 'w:1', outcome: 'failed', error: ERROR, delayMs: 1_000 },
      { attempt: 2, worker: 'w:2', outcome: 'running', endedAt: null, error: null },
    ])
    const end = (type: EventType, data: EventData) =>
      newest(tell(UNTOLD, [...BEGIN, ...RETRY, event(9_000, type, data)])).attempts.at(-1)!.outcome
    expect(end('job.completed', { status: 'completed' })).toBe('completed')
    expect(end('job.cancelled', { status: 'cancelled' })).toBe('cancelled')
    expect(end('job.failed', { status: 'failed', error: ERROR })).toBe('failed')
    expect(end('job.retrying', { status: 'pending', reason: 'worker-lost' })).toBe('worker-lost')
    expect(end('job.retrying', { status: 'pending', reason: 'hand-over' })).toBe('hand-over')
  })

  test('knows where the job has been, how often and for how long', () => {
    const places = placesOf(tell(UNTOLD, [...BEGIN, ...RETRY]))
    expect([...places.values()]).toEqual([
      { status: 'draft', visits: 1, spentMs: 1_000 },
      { status: 'attaching', visits: 1, spentMs: 300 },
      { status: 'pending', visits: 2, spentMs: 1_700 },
      // The second visit goes on.
      { status: 'processing', visits: 2, spentMs: 2_000 },
    ])
  })

  test('forgets how an earlier run ended once there is another one', () => {
    const failed = tell(UNTOLD, [...BEGIN, event(6_000, 'job.failed', { status: 'failed', error: ERROR })])
    expect(placesOf(failed).has('failed')).toBe(true)
    const retried = tell(failed, [event(7_000, 'job.retried', { status: 'pending', run: 2 }, 2)])
    expect(placesOf(retried).has('failed')).toBe(false)
  })
})

describe('the stages of a job', () => {
  test('go on with the events, between two readings of the record', () => {
    const story = tell(UNTOLD, BEGIN.slice(0, 11))
    expect(stepsOf(job(), story)).toMatchObject([
      { name: 'one', status: 'running', percent: 80, message: 'b.log' },
      { name: 'two', status: 'pending', percent: 0, message: null },
    ])
    expect(percentOf(job(), story)).toBe(40)
    expect(stepsOf(job(), tell(story, BEGIN))).toMatchObject([
      { status: 'completed', durationMs: 1_490 },
      { status: 'running' },
    ])
  })

  test('never go back, whichever of record and events is behind', () => {
    const ahead = job({
      progress: {
        ...job().progress,
        percent: 45,
        stages: [
          { name: 'one', status: 'running', percent: 90 },
          { name: 'two', status: 'pending', percent: 0 },
        ],
      },
    })
    const story = tell(UNTOLD, BEGIN.slice(0, 10))
    expect(stepsOf(ahead, story)[0]).toMatchObject({ percent: 90 })
    expect(percentOf(ahead, story)).toBe(45)
  })

  test('say how long they took also where that was in an earlier run, and what stopped with the job', () => {
    const story = tell(UNTOLD, [
      ...BEGIN,
      event(6_000, 'job.failed', { status: 'failed', error: ERROR }),
      event(7_000, 'job.retried', { status: 'pending', run: 2 }, 2),
    ])
    const second = job({
      run: 2,
      status: 'cancelled',
      progress: {
        ...job().progress,
        stages: [
          { name: 'one', status: 'completed', percent: 100 },
          { name: 'two', status: 'running', percent: 10 },
        ],
      },
    })
    expect(stepsOf(second, story)).toMatchObject([
      { status: 'completed', durationMs: 1_490 },
      { status: 'stopped', percent: 10 },
    ])
  })
})

describe('what the page knows', () => {
  test('is not undone by an answer of an earlier run', () => {
    const now = changed(UNKNOWN, { kind: 'read', job: job({ run: 2 }) })
    expect(changed(now, { kind: 'read', job: job({ run: 1 }) })).toBe(now)
  })

  test('keeps the job and its story when it is deleted, so as to say what it was', () => {
    const told = changed(changed(UNKNOWN, { kind: 'read', job: job() }), { kind: 'told', events: BEGIN })
    const gone = changed(told, { kind: 'gone' })
    expect(gone).toMatchObject({ gone: true, stream: 'ended', job: { id: 'j' } })
  })

  test('drops a refusal with the next answer', () => {
    const refused = changed(UNKNOWN, { kind: 'refused', error: new Error('The service is not ready.') })
    expect(changed(refused, { kind: 'read', job: job() }).refusal).toBeNull()
  })
})

describe('the log', () => {
  const { lines } = tell(UNTOLD, [
    event(1, 'job.log', { stage: 'one', level: 'info', message: 'Opened a.log' }),
    event(2, 'job.log', { stage: 'two', level: 'warn', message: 'Passed over b.bin' }),
    event(3, 'job.log', { stage: 'two', level: 'error', message: 'Gave up' }),
    event(4, 'job.log', { stage: 'two', level: 'strange', message: 'Gave up' }),
  ])

  test('shows lines from a level on, those with a text, and of unknown levels only where all are shown', () => {
    const shown = (...how: Parameters<typeof linesLike> extends [unknown, ...infer R] ? R : never) =>
      linesLike(lines, ...how).map(({ id }) => lines.findIndex(line => line.id === id))
    expect(linesLike(lines, 'info', '')).toBe(lines)
    expect(shown('warn', '')).toEqual([1, 2])
    expect(shown('error', '')).toEqual([2])
    expect(shown('info', 'gave UP')).toEqual([2, 3])
    expect(shown('info', 'two')).toEqual([1, 2, 3])
  })

  test('what a stage warned of stands beside the results of the run that went on behind it, until it runs again', () => {
    const first = [
      event(1, 'stage.started', { stage: 'one' }),
      event(2, 'job.log', { stage: 'one', level: 'warn', message: 'Not whole' }),
      event(3, 'stage.started', { stage: 'two' }),
      event(4, 'job.log', { stage: 'two', level: 'warn', message: 'Slow disk' }),
    ]
    const again = (run: number, ...stages: string[]) =>
      stages.map((stage, nth) => event(run * 10 + nth, 'stage.started', { stage }, run))
    expect(warningsOf(tell(UNTOLD, first))).toEqual(['Not whole', 'Slow disk'])
    expect(warningsOf(tell(UNTOLD, [...first, ...again(2, 'two')]))).toEqual(['Not whole'])
    expect(warningsOf(tell(UNTOLD, [...first, ...again(2, 'one', 'two')]))).toEqual([])
  })
})
