/** The settings of a job that is made from another one's files. */
import type { Job } from '../../contract.ts'
import { plain } from '../../format.ts'
import { metadataOf, type Pair } from '../upload/metadata.ts'

export interface Settings {
  readonly pipeline: string
  /** As it was typed. */
  readonly priority: string
  readonly callbackUrl: string
  readonly metadata: readonly Pair[]
}

export function settingsOf({ pipeline, priority, callbackUrl, metadata }: Job): Settings {
  return {
    pipeline,
    priority: String(priority),
    callbackUrl: callbackUrl ?? '',
    metadata: Object.entries(metadata).map(([name, value]): Pair => [name, plain(value)]),
  }
}

/**
 * @returns the body of `POST …/rerun`: only what is other than it was, so that all else stays as it was. A callback that
 *   was taken out is null.
 */
export function changesTo(job: Job, next: Settings): Record<string, unknown> {
  const before = settingsOf(job)
  const callbackUrl = next.callbackUrl.trim()
  const metadata = Object.fromEntries(
    Object.entries(metadataOf(next.metadata)).map(([name, text]) => {
      // A number or an object stays one, unless somebody wrote something else.
      const was = job.metadata[name]
      return [name, was !== undefined && plain(was) === text ? was : text]
    }),
  )
  return {
    ...(next.pipeline !== before.pipeline && { pipeline: next.pipeline }),
    ...(next.priority !== before.priority && { priority: Number(next.priority) }),
    ...(callbackUrl !== before.callbackUrl && { callbackUrl: callbackUrl || null }),
    ...(JSON.stringify(metadata) !== JSON.stringify(job.metadata) && { metadata }),
  }
}
