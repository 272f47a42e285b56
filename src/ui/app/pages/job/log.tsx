/** What the stages logged, live: only the lines in view are drawn, and the end is followed until somebody scrolls up. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownToLine, Search } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { FINAL, type Job } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import field from '../../parts/field.module.css'
import { Card, CardHead } from '../../parts/page.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './log.module.css'
import { LEVELS, type Level, linesLike } from './log-filter.ts'
import type { LogLine, Story } from './story.ts'

/** Of a line before it was measured, in px. */
const LINE = 24
/** In px from the end, within which the reader counts as being there. */
const NEAR = 24

export function Log({ story, job }: { story: Story; job: Job }) {
  const [level, setLevel] = useState<Level>('info')
  const [text, setText] = useState('')
  const { lines } = story
  const shown = useMemo(() => linesLike(lines, level, text), [lines, level, text])
  if (lines.length === 0 && job.status !== 'processing') return null
  return (
    <Card aria-labelledby="log">
      <CardHead>
        <h2 id="log">Log</h2>
        <span className="muted" role="status">
          {shown.length === lines.length
            ? counted(lines.length, 'line')
            : `${shown.length.toLocaleString('en')} of ${counted(lines.length, 'line')}`}
        </span>
      </CardHead>
      {lines.length === 0 ? (
        <p className={styles.nothing}>
          Nothing has been logged so far. Lines appear here as stages write them.
        </p>
      ) : (
        <>
          <div className={styles.bar}>
            <label className={styles.search}>
              <Search size={16} aria-hidden />
              <span className="visually-hidden">Search in the log</span>
              <input
                type="search"
                className={field.control}
                placeholder="Search in these lines"
                spellCheck={false}
                value={text}
                onChange={event => setText(event.target.value)}
              />
            </label>
            <select
              className={`${field.control} ${styles.level}`}
              aria-label="Level"
              value={level}
              onChange={event => setLevel(LEVELS.find(each => each === event.target.value) ?? 'info')}
            >
              <option value="info">All levels</option>
              <option value="warn">Warnings and errors</option>
              <option value="error">Errors only</option>
            </select>
          </div>
          <Lines lines={shown} text={text} runs={job.run > 1} live={!FINAL.has(job.status)} />
        </>
      )}
    </Card>
  )
}

interface LinesProps {
  lines: readonly LogLine[]
  text: string
  /** Whether there is more than one run to tell apart. */
  runs: boolean
  live: boolean
}

function Lines({ lines, text, runs, live }: LinesProps) {
  const scroller = useRef<HTMLDivElement>(null)
  // Of several runs the newest is what one comes for, and it is at the end.
  const [follows, setFollows] = useState(live || runs)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 12,
    getItemKey: index => lines[index]!.id,
  })
  useEffect(() => {
    if (follows && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [follows, lines.length, virtual])

  /** By hand, for scrolling by itself only ever leads to the end. */
  const onScrolledByHand = () => {
    requestAnimationFrame(() => {
      const box = scroller.current
      if (box) setFollows(box.scrollHeight - box.scrollTop - box.clientHeight < NEAR)
    })
  }

  if (lines.length === 0) {
    return (
      <p className={styles.nothing}>No line is like that. Search for less, or let more levels through.</p>
    )
  }
  return (
    <div className={styles.around}>
      {/* biome-ignore lint/a11y/useSemanticElements: a list would have to be the box that scrolls, and its own content. */}
      <div
        ref={scroller}
        className={styles.lines}
        role="region"
        aria-label="Log lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
        tabIndex={0}
        onWheel={onScrolledByHand}
        onTouchMove={onScrolledByHand}
        onPointerUp={onScrolledByHand}
        onKeyUp={onScrolledByHand}
      >
        <ol style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => (
            <Line
              key={key}
              ref={virtual.measureElement}
              index={index}
              start={start}
              line={lines[index]!}
              text={text}
              runs={runs}
            />
          ))}
        </ol>
      </div>
      {!follows && (
        <Button small className={styles.toEnd} onClick={() => setFollows(true)}>
          <ArrowDownToLine size={15} aria-hidden />
          {live ? 'Follow the end' : 'To the end'}
        </Button>
      )}
    </div>
  )
}

interface LineProps {
  line: LogLine
  index: number
  start: number
  text: string
  runs: boolean
  ref: (element: HTMLLIElement | null) => void
}

function Line({ line, index, start, text, runs, ref }: LineProps) {
  return (
    <li
      ref={ref}
      className={styles.line}
      data-index={index}
      data-level={line.level}
      style={{ transform: `translateY(${start}px)` }}
    >
      <Time at={line.at} style="clock" />
      <span className={styles.levelWord}>{line.level}</span>
      <span className={styles.stage}>
        {runs && `${line.run}/`}
        {line.stage}
      </span>
      <span className={styles.message}>
        <Marked text={line.message} wanted={text} />
      </span>
    </li>
  )
}

/** A text with what was searched for marked in it. */
function Marked({ text, wanted }: { text: string; wanted: string }) {
  const needle = wanted.trim().toLowerCase()
  const at = needle ? text.toLowerCase().indexOf(needle) : -1
  if (at < 0) return text
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + needle.length)}</mark>
      {text.slice(at + needle.length)}
    </>
  )
}
