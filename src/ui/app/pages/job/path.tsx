/** Where a job is in the state machine, and where it has been. */
import type { Job, Status } from '../../contract.ts'
import { capital, duration } from '../../format.ts'
import styles from './path.module.css'
import { type Place, placesOf, type Story } from './story.ts'

const WAY: readonly Status[] = ['draft', 'attaching', 'pending', 'processing']
const ENDS: readonly Status[] = ['completed', 'failed', 'cancelled']

export function Path({ job, story }: { job: Job; story: Story }) {
  const places = placesOf(story)
  const node = (status: Status) => (
    <Node key={status} status={status} here={job.status === status} place={places.get(status)} />
  )
  return (
    <div className={styles.path}>
      <ol className={styles.way} aria-label="States">
        {WAY.map(node)}
      </ol>
      <Fork taken={places.has('processing') ? ENDS.indexOf(job.status) : -1} />
      <ul className={styles.ends} aria-label="How it may end">
        {ENDS.map(node)}
      </ul>
    </div>
  )
}

interface NodeProps {
  status: Status
  here: boolean
  place: Place | undefined
}

function Node({ status, here, place }: NodeProps) {
  const state = here ? 'here' : place ? 'been' : 'not'
  const again = (place?.visits ?? 0) > 1 ? `${place!.visits}×` : null
  const spent = place && place.spentMs > 0 ? duration(place.spentMs) : null
  return (
    <li
      className={styles.node}
      data-state={state}
      data-status={status}
      aria-current={here ? 'step' : undefined}
    >
      <span className={styles.spent}>{[again, spent].filter(Boolean).join(' · ')}</span>
      <span className={styles.dot} aria-hidden />
      <span className={styles.name}>
        {capital(status)}
        {state === 'not' && <span className="visually-hidden"> (not reached)</span>}
      </span>
    </li>
  )
}

/** From the last state of the way to each end; the one that was taken from there is drawn over the others. */
function Fork({ taken }: { taken: number }) {
  const curves = [12, 40, 68].map(y => `M0 40 C 18 40, 18 ${y}, 36 ${y}`)
  return (
    <svg className={styles.fork} viewBox="0 0 36 80" aria-hidden="true" preserveAspectRatio="none">
      {curves.map((curve, index) => index !== taken && <path key={curve} d={curve} />)}
      {taken >= 0 && <path d={curves[taken]} data-taken />}
    </svg>
  )
}
