/** A job, followed for as long as somebody looks: its record, and its story as the stream tells it. */
import { useCallback, useEffect, useReducer, useRef } from 'react'
import { FINAL, type Job, type JobEvent } from '../../contract.ts'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { follow } from '../../service/follow.ts'
import { changed, type JobState, UNKNOWN } from './state.ts'

/** How long events are gathered before they are drawn, in ms: a story is told again in one burst. */
const GATHER = 50
/** The record is read again at most this often, in ms. */
const READ_AFTER = 200

export interface FollowedJob extends JobState {
  /** Reads the record anew. */
  reload(): void
  /** Takes the answer to an action as the job's newest state. */
  took(job: Job): void
}

export function useJob(id: string): FollowedJob {
  const [state, dispatch] = useReducer(changed, UNKNOWN)
  const generation = useRef(0)

  const read = useCallback(async (): Promise<Job | null> => {
    const own = ++generation.current
    try {
      const job = await call<Job>('GET', jobPath(id))
      // An answer that was overtaken, by a later one or by an action's, would show what was.
      if (own === generation.current) dispatch({ kind: 'read', job })
      return job
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) {
        dispatch({ kind: 'gone' })
        return null
      }
      if (own === generation.current) dispatch({ kind: 'refused', error })
      throw error
    }
  }, [id])
  // What came of it is in the state.
  const reload = useCallback(() => void read().catch(() => {}), [read])

  const run = state.job?.run
  const isOver = state.job !== null && FINAL.has(state.job.status)
  useEffect(reload, [reload])

  // A stream ends with its run; the next run's has to be opened, and the events before it are not told twice. A job
  // that could not be read is followed as well: its stream is tried until it opens, and then the job is read.
  const followed = state.gone ? null : (run ?? (state.refusal ? 0 : null))
  useEffect(() => {
    if (followed === null) return
    return followStory(id, { read, reload, dispatch })
  }, [id, followed, read, reload])

  // Its own stream has ended: what becomes of it now, by somebody's hand, the stream of all jobs tells.
  useEffect(() => {
    if (!isOver || state.gone) return
    return follow(`/api/events?jobId=${encodeURIComponent(id)}`, {
      onEvent: reload,
      onDeleted: () => dispatch({ kind: 'gone' }),
      onReset: reload,
      ended: async () => (await read()) === null,
    })
  }, [id, isOver, state.gone, read, reload])

  // A cut may refuse an answer of the job and only pause its stream, which then has nothing new to tell.
  const isLive = state.stream === 'live'
  const refusal = useRef(state.refusal)
  refusal.current = state.refusal
  useEffect(() => {
    if (isLive && refusal.current) reload()
  }, [isLive, reload])

  const took = useCallback((job: Job) => {
    generation.current += 1
    dispatch({ kind: 'read', job })
  }, [])
  return { ...state, reload, took }
}

interface Hands {
  read: () => Promise<Job | null>
  reload: () => void
  dispatch: (change: Parameters<typeof changed>[1]) => void
}

function followStory(id: string, { read, reload, dispatch }: Hands): () => void {
  let waiting: JobEvent[] = []
  let drawing: ReturnType<typeof setTimeout> | undefined
  let reading: ReturnType<typeof setTimeout> | undefined
  const draw = () => {
    drawing = undefined
    dispatch({ kind: 'told', events: waiting })
    waiting = []
  }
  const stop = follow(`${jobPath(id)}/events`, {
    onEvent(event) {
      waiting.push(event)
      drawing ??= setTimeout(draw, GATHER)
      if (event.type === 'job.log' || event.type === 'stage.progress') return
      reading ??= setTimeout(() => {
        reading = undefined
        reload()
      }, READ_AFTER)
    },
    onReset: reload,
    onState: state => dispatch({ kind: 'stream', state }),
    ended: async () => {
      const job = await read()
      return job === null || FINAL.has(job.status)
    },
  })
  return () => {
    clearTimeout(drawing)
    clearTimeout(reading)
    stop()
  }
}
