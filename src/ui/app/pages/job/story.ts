/**
 * What happened to a job, from its events alone: its moments, the states it was in, the attempts that were made, how
 * far each stage came, and what was logged.
 *
 * Pure, and told once: events that a resumed stream tells again change nothing, so the story is the same however often
 * the connection was cut.
 */
import { type EventType, FINAL, type Job, type JobEvent, type Status } from '../../contract.ts'

/** One line of the timeline: an event, or some of one kind that came one after the other. */
export interface Moment {
  /** Of its first event. */
  readonly id: string
  readonly type: EventType
  readonly at: string
  /** When the last of its events was. */
  readonly until: string
  /** In ms, since the moment before it in its run; null for the first. */
  readonly gapMs: number | null
  /** The last of its events. */
  readonly event: JobEvent
  readonly count: number
  /** Of the files that it is about. */
  readonly names: readonly string[]
}

export interface Visit {
  readonly status: Status
  readonly at: string
  /** Null: it is there still. */
  readonly until: string | null
}

export type AttemptOutcome = 'running' | 'completed' | 'failed' | 'cancelled' | 'worker-lost' | 'hand-over'

export interface Attempt {
  readonly run: number
  /** Counts every start of the run, also those that are not charged. */
  readonly start: number
  readonly attempt: number
  readonly worker: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly outcome: AttemptOutcome
  readonly error: Job['error']
  /** In ms, until the next one may begin. */
  readonly delayMs: number | null
}

export interface StageStory {
  readonly name: string
  readonly startedAt: string
  /** Null unless it was completed. */
  readonly durationMs: number | null
  /** 0…100. */
  readonly percent: number
  /** What it said last. */
  readonly message: string | null
}

export interface RunStory {
  readonly run: number
  /** 0…100, of the whole job; never goes back. */
  readonly overall: number
  readonly moments: readonly Moment[]
  readonly path: readonly Visit[]
  readonly attempts: readonly Attempt[]
  readonly stages: readonly StageStory[]
}

export interface LogLine {
  readonly id: string
  readonly at: string
  readonly run: number
  readonly stage: string
  readonly level: string
  readonly message: string
}

export interface Story {
  /** Of the latest event that was told. */
  readonly lastId: string
  readonly runs: readonly RunStory[]
  readonly lines: readonly LogLine[]
}

export const UNTOLD: Story = { lastId: '0-0', runs: [], lines: [] }

/** Types of which one line tells any number that come one after the other. */
const FOLDED: ReadonlySet<EventType> = new Set<EventType>([
  'file.uploaded',
  'file.attached',
  'stage.progress',
])

/** @returns the very same story where nothing was new in the events. */
export function tell(story: Story, events: readonly JobEvent[]): Story {
  const runs = new Map(story.runs.map(run => [run.run, run]))
  const fresh: LogLine[] = []
  const open = new Map<number, OpenRun>()
  let { lastId } = story
  for (const event of events) {
    if (!isLater(event.id, lastId)) continue
    lastId = event.id
    if (event.type === 'job.log') {
      fresh.push(lineOf(event))
      continue
    }
    const run = open.get(event.run) ?? opened(runs.get(event.run), event.run)
    open.set(event.run, run)
    addMoment(run, event)
    addVisit(run, event)
    addAttempt(run, event)
    addStage(run, event)
    run.overall = Math.max(run.overall, event.data.overall ?? 0)
  }
  if (lastId === story.lastId) return story
  for (const run of open.values()) runs.set(run.run, run)
  return {
    lastId,
    runs: [...runs.values()].sort((one, other) => one.run - other.run),
    lines: fresh.length > 0 ? [...story.lines, ...fresh] : story.lines,
  }
}

/** An id is the time in ms, a dash, and a count within it. */
function isLater(id: string, than: string): boolean {
  const [ms = 0, count = 0] = id.split('-').map(Number)
  const [otherMs = 0, otherCount = 0] = than.split('-').map(Number)
  return ms > otherMs || (ms === otherMs && count > otherCount)
}

interface OpenRun extends RunStory {
  overall: number
  readonly moments: Moment[]
  readonly path: Visit[]
  readonly attempts: Attempt[]
  readonly stages: StageStory[]
}

/** Copied once for all events of a batch: a long story is told in bursts. */
function opened(run: RunStory | undefined, number: number): OpenRun {
  return {
    run: number,
    overall: run?.overall ?? 0,
    moments: [...(run?.moments ?? [])],
    path: [...(run?.path ?? [])],
    attempts: [...(run?.attempts ?? [])],
    stages: [...(run?.stages ?? [])],
  }
}

function lineOf({ id, at, run, data }: JobEvent): LogLine {
  const { stage = '', level = 'info', message = '' } = data
  return { id, at, run, stage, level, message }
}

function addMoment({ moments }: OpenRun, event: JobEvent): void {
  const { id, type, at, data } = event
  const before = moments.at(-1)
  const names = data.name ? [data.name] : []
  if (before && FOLDED.has(type) && before.type === type && before.event.data.stage === data.stage) {
    const { count } = before
    moments[moments.length - 1] = {
      ...before,
      event,
      until: at,
      count: count + 1,
      names: [...before.names, ...names],
    }
    return
  }
  const gapMs = before ? between(before.until, at) : null
  moments.push({ id, type, at, until: at, gapMs, event, count: 1, names })
}

function addVisit({ path }: OpenRun, { at, data: { status } }: JobEvent): void {
  const here = path.at(-1)
  if (!status || here?.status === status) return
  if (here) path[path.length - 1] = { ...here, until: at }
  path.push({ status, at, until: FINAL.has(status) ? at : null })
}

function addAttempt({ attempts }: OpenRun, event: JobEvent): void {
  const { type, run, at, data } = event
  if (type === 'job.started') {
    const { start = 1, attempt = 1, worker = '' } = data
    const begun = { endedAt: null, outcome: 'running', error: null, delayMs: null } as const
    attempts.push({ run, start, attempt, worker, startedAt: at, ...begun })
    return
  }
  const outcome = endOf(event)
  const last = attempts.at(-1)
  if (!outcome || last?.outcome !== 'running') return
  const { error = null, delayMs = null } = data
  attempts[attempts.length - 1] = { ...last, endedAt: at, outcome, error, delayMs }
}

/** @returns null where no attempt ends by it. */
function endOf({ type, data }: JobEvent): AttemptOutcome | null {
  switch (type) {
    case 'job.retrying':
      return data.reason ?? 'failed'
    case 'job.completed':
      return 'completed'
    case 'job.failed':
      return data.error?.code === 'worker-lost' ? 'worker-lost' : 'failed'
    case 'job.cancelled':
      return 'cancelled'
    default:
      return null
  }
}

function addStage({ stages }: OpenRun, { type, at, data }: JobEvent): void {
  if (data.stage === undefined || !type.startsWith('stage.')) return
  const index = stages.findIndex(({ name }) => name === data.stage)
  const known = stages[index]
  // One that starts over goes on showing what it had reached.
  const percent = Math.max(known?.percent ?? 0, data.percent ?? 0)
  const next: StageStory = {
    name: data.stage,
    startedAt: type === 'stage.started' ? at : (known?.startedAt ?? at),
    percent: type === 'stage.completed' ? 100 : percent,
    durationMs: data.durationMs ?? known?.durationMs ?? null,
    message: data.message ?? known?.message ?? null,
  }
  if (known) stages[index] = next
  else stages.push(next)
}

export interface Place {
  readonly status: Status
  readonly visits: number
  /** In ms, of all visits that are over. */
  readonly spentMs: number
}

/** Each state that the job has been in, over all of its runs; of the ends only the newest run's. */
export function placesOf({ runs }: Story): ReadonlyMap<Status, Place> {
  const places = new Map<Status, Place>()
  for (const run of runs) {
    for (const { status, at, until } of run.path) {
      if (FINAL.has(status) && run !== runs.at(-1)) continue
      const { visits = 0, spentMs = 0 } = places.get(status) ?? {}
      places.set(status, {
        status,
        visits: visits + 1,
        spentMs: spentMs + (until ? between(at, until) : 0),
      })
    }
  }
  return places
}

export interface Step {
  readonly name: string
  readonly status: 'pending' | 'running' | 'completed' | 'failed' | 'stopped'
  /** 0…100. */
  readonly percent: number
  readonly durationMs: number | null
  /** While it runs. */
  readonly startedAt: string | null
  readonly message: string | null
}

/** The job's stages as they stand: the record knows which, the events how far and how long. */
export function stepsOf(job: Job, { runs }: Story): readonly Step[] {
  const stories = runs.find(({ run }) => run === job.run)?.stages ?? []
  return job.progress.stages.map(stage => {
    const told = stories.find(({ name }) => name === stage.name)
    // A retry goes on at the stage that failed: what was done before was done in an earlier run.
    const earlier = runs
      .flatMap(run => run.stages)
      .findLast(({ name, durationMs }) => name === stage.name && durationMs !== null)
    const begun = stage.status === 'pending' && told && job.status === 'processing'
    const status = begun ? (told.durationMs === null ? 'running' : 'completed') : stage.status
    const running = status === 'running'
    return {
      name: stage.name,
      status: running && FINAL.has(job.status) ? 'stopped' : status,
      percent: status === 'pending' ? 0 : Math.max(stage.percent, told?.percent ?? 0),
      durationMs: status === 'completed' ? (told?.durationMs ?? earlier?.durationMs ?? null) : null,
      startedAt: running && job.status === 'processing' ? (told?.startedAt ?? null) : null,
      message: running || status === 'failed' ? (told?.message ?? null) : null,
    }
  })
}

/** 0…100, of the newest run: the record's or what the events have told since. */
export function percentOf(job: Job, { runs }: Story): number {
  return Math.max(job.progress.percent, runs.find(({ run }) => run === job.run)?.overall ?? 0)
}

function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from))
}
