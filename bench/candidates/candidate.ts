import type { Bay } from '../bay.ts'
import type { Load } from '../load.ts'

/** Something that takes jobs, does them, and says so. */
export interface Candidate {
  readonly name: string
  /**
   * Starts it in the bay; it tells the load what has arrived.
   *
   * @returns submits one job, and resolves when that is answered.
   */
  start(bay: Bay, load: Load, connections: number): Promise<(submission: number) => Promise<void>>
}
