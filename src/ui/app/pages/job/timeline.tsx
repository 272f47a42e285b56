/** The story, moment by moment, with the time that passed between them. */
import { useState } from 'react'
import { capital, duration } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Card, CardHead } from '../../parts/page.tsx'
import { ShowAll } from '../../parts/show-all.tsx'
import { Time } from '../../parts/time.tsx'
import type { Moment, RunStory, Story } from './story.ts'
import styles from './timeline.module.css'
import { sentenceOf } from './words.ts'

/** Moments of a run that are drawn at once; a job that failed over and over has many more. */
const SHOWN = 60
/** Runs that are listed at once. */
const SHOWN_RUNS = 6
/** Gaps below this, in ms, are not worth the reader's eye. */
const GAP = 100

export function Timeline({ story }: { story: Story }) {
  const [all, setAll] = useState(false)
  if (story.runs.length === 0) return null
  const runs = story.runs.toReversed()
  const shown = all ? runs : runs.slice(0, SHOWN_RUNS)
  return (
    <Card aria-labelledby="events">
      <CardHead>
        <h2 id="events">Events</h2>
      </CardHead>
      {shown.map((run, index) => (
        <Run key={run.run} run={run} heading={runs.length > 1} newest={index === 0} />
      ))}
      <ShowAll shown={shown.length} total={runs.length} onAll={() => setAll(true)} />
    </Card>
  )
}

function Run({ run, heading, newest }: { run: RunStory; heading: boolean; newest: boolean }) {
  const [all, setAll] = useState(false)
  const { moments } = run
  const hidden = all ? 0 : Math.max(0, moments.length - SHOWN)
  const first = moments[0]
  const last = moments.at(-1)
  const came = run.path.at(-1)?.status
  const took = first && last ? Date.parse(last.until) - Date.parse(first.at) : 0
  const list = (
    <>
      {hidden > 0 && (
        <p className={styles.more}>
          <Button small onClick={() => setAll(true)}>
            Show {hidden.toLocaleString('en')} earlier
          </Button>
        </p>
      )}
      <ol className={styles.moments} aria-label={`Events of run ${run.run}`}>
        {moments.slice(hidden).map(moment => (
          <Line key={moment.id} moment={moment} />
        ))}
      </ol>
    </>
  )
  if (!heading) return list
  return (
    <details className={styles.run} open={newest}>
      <summary>
        Run {run.run}{' '}
        <span className="muted number">
          {came && `${capital(came)}, `}
          {duration(took)}
        </span>
      </summary>
      {list}
    </details>
  )
}

function Line({ moment }: { moment: Moment }) {
  const { text, tone } = sentenceOf(moment)
  const { type, at, until, gapMs, count, names } = moment
  const lasted = Date.parse(until) - Date.parse(at)
  return (
    <li className={styles.moment} data-type={type} data-tone={tone}>
      <Time at={at} style="clock" />
      <div className={styles.text}>
        {names.length > 1 ? (
          <details>
            <summary>{text}</summary>
            <ul className={styles.names}>
              {names.map((name, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name, and none ever moves.
                <li key={index}>{name}</li>
              ))}
            </ul>
          </details>
        ) : (
          text
        )}
      </div>
      <span className={styles.gap}>
        {count > 1 && lasted >= GAP && <span title="From the first to the last">{duration(lasted)}</span>}
        {gapMs !== null && gapMs >= GAP && <span title="Since the event before">+{duration(gapMs)}</span>}
      </span>
    </li>
  )
}
