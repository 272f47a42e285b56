/** What the upload waits for, and that it goes on by itself. */
import { Hourglass } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { wholeSeconds } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { stalledBy, tryNow, watchUppy } from './intake.ts'
import { type Wait, waiting, watchWaits } from './patience.ts'
import { reasonOf } from './refused-upload.ts'
import { cancel } from './submission.ts'
import styles from './upload-page.module.css'

/** @param submitting its files may be here no more, and Uppy's "Cancel" with them */
export function StallNote({ submitting }: { submitting: boolean }) {
  const stall = useStall()
  return (
    <div className={stall ? styles.stall : undefined}>
      {stall && <Hourglass size={18} aria-hidden />}
      <p>
        {/* Said once, and not with every second. */}
        <span role="status">{stall && `${reasonOf(stall.refusal)} The upload goes on by itself.`}</span>{' '}
        {stall && <Countdown key={stall.until} until={stall.until} />}
      </p>
      {stall && stall.refusal.status !== 429 && (
        <Button small onClick={tryNow}>
          Try now
        </Button>
      )}
      {stall && submitting && (
        <Button small onClick={cancel}>
          Cancel the upload
        </Button>
      )}
    </div>
  )
}

export function useStall(): Wait | null {
  return useSyncExternalStore(watch, () => stalledBy(waiting()))
}

function watch(changed: () => void): () => void {
  const ends = [watchUppy(changed), watchWaits(changed)]
  return () => {
    for (const end of ends) end()
  }
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.ceil((until - now) / 1_000)
  return (
    <span className="muted number">
      {seconds > 0 ? `Next try in ${wholeSeconds(seconds * 1_000)}.` : 'Trying now…'}
    </span>
  )
}
