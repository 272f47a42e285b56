/** All that the page of a job knows, and how it changes. */
import type { Job, JobEvent } from '../../contract.ts'
import type { StreamState } from '../../service/stream-state.ts'
import { type Story, tell, UNTOLD } from './story.ts'

export interface JobState {
  /** Null until it was read for the first time. */
  readonly job: Job | null
  readonly story: Story
  readonly stream: StreamState
  /** The service knows no such job: any more, where `job` is not null. */
  readonly gone: boolean
  /** Why the job could not be read the last time. */
  readonly refusal: unknown
}

export type Change =
  | { readonly kind: 'read'; readonly job: Job }
  | { readonly kind: 'told'; readonly events: readonly JobEvent[] }
  | { readonly kind: 'stream'; readonly state: StreamState }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly error: unknown }

export const UNKNOWN: JobState = {
  job: null,
  story: UNTOLD,
  stream: 'connecting',
  gone: false,
  refusal: null,
}

export function changed(state: JobState, change: Change): JobState {
  switch (change.kind) {
    case 'read':
      // A job's runs are only ever followed by later ones: this answer was overtaken.
      if (state.job && change.job.run < state.job.run) return state
      return { ...state, job: change.job, gone: false, refusal: null }
    case 'told': {
      const story = tell(state.story, change.events)
      return story === state.story ? state : { ...state, story }
    }
    case 'stream':
      return { ...state, stream: change.state }
    case 'gone':
      return { ...state, gone: true, stream: 'ended', refusal: null }
    case 'refused':
      return { ...state, refusal: change.error }
  }
}
