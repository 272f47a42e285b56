/** The kinds of message, ranked. There may be tens of thousands: only those in view are there. */
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Search } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import type { Level, Report } from '../../contract.ts'
import { capital, counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Card, CardHead, Empty } from '../../parts/page.tsx'
import { Badge, type Tone } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { Content } from '../viewer/lines.tsx'
import { share } from './figures.tsx'
import { type Filter, LEVELS, ORDERS, type Order, templatesIn } from './report-filter.ts'
import { TemplateText } from './template-text.tsx'
import styles from './templates.module.css'
import type { Texts } from './texts.ts'

const TONES: Readonly<Record<Level, Tone>> = {
  fatal: 'bad',
  error: 'bad',
  warn: 'warn',
  info: 'busy',
  debug: 'quiet',
  unknown: 'hollow',
}
/** Of a row before it was measured, in px. */
const ROW = 66
/** How long somebody must have stopped typing, in ms. */
const TYPING = 200

interface Props {
  report: Report.ReportJson
  filter: Filter
  onFilter: (next: Partial<Filter>) => void
  texts: Texts
}

export function Templates({ report, filter, onFilter, texts }: Props) {
  const { templates, totals } = report
  const shown = templatesIn(templates, filter)
  const most = templates.reduce((most, { count }) => Math.max(most, count), 1)
  const isFiltered = shown.length < templates.length
  return (
    <Card aria-labelledby="templates">
      <CardHead>
        <h2 id="templates">Templates</h2>
        <span className="muted" role="status">
          {isFiltered
            ? `${shown.length.toLocaleString('en')} of ${counted(templates.length, 'kind')} of message`
            : `${counted(templates.length, 'kind')} of message`}
        </span>
      </CardHead>
      <search className={styles.bar}>
        <TextFilter text={filter.text} onChange={text => onFilter({ text })} />
        <select
          className={styles.control}
          aria-label="Order"
          value={filter.order}
          onChange={event => onFilter({ order: event.target.value as Order })}
        >
          {Object.entries(ORDERS).map(([order, name]) => (
            <option key={order} value={order}>
              {name}
            </option>
          ))}
        </select>
        <LevelFilter
          counts={totals.levels}
          levels={filter.levels}
          onChange={levels => onFilter({ levels })}
        />
      </search>
      {shown.length === 0 ? (
        <Empty title={templates.length === 0 ? 'There is no message' : 'No template fits'}>
          {templates.length === 0 ? (
            <p>What was uploaded had no entry.</p>
          ) : (
            <Button onClick={() => onFilter({ text: '', levels: [], span: null })}>Show all templates</Button>
          )}
        </Empty>
      ) : (
        <Rows {...{ shown, most, texts }} entries={totals.entries} />
      )}
    </Card>
  )
}

function TextFilter({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => onChange(typed), TYPING)
    return () => clearTimeout(timer)
  }, [typed, text, onChange])
  return (
    <div className={styles.search}>
      <Search size={16} aria-hidden />
      <input
        className={styles.control}
        type="search"
        aria-label="Search templates"
        placeholder="Search templates and examples"
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
    </div>
  )
}

interface LevelFilterProps {
  counts: Readonly<Record<Level, number>>
  levels: readonly Level[]
  onChange: (levels: readonly Level[]) => void
}

function LevelFilter({ counts, levels, onChange }: LevelFilterProps) {
  return (
    <fieldset className={styles.levels}>
      <legend className="visually-hidden">Level</legend>
      {LEVELS.filter(level => counts[level] > 0).map(level => {
        const isOn = levels.includes(level)
        return (
          <button
            key={level}
            type="button"
            aria-pressed={isOn}
            onClick={() => onChange(isOn ? levels.filter(each => each !== level) : [...levels, level])}
          >
            {capital(level)} <span>{counts[level].toLocaleString('en')}</span>
          </button>
        )
      })}
    </fieldset>
  )
}

interface RowsProps extends Pick<Props, 'texts'> {
  shown: readonly Report.Template[]
  /** The count of the most frequent one. */
  most: number
  entries: number
}

function Rows({ shown, most, entries, texts }: RowsProps) {
  const list = useRef<HTMLOListElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [above, setAbove] = useState(0)
  // What stands above the list may have become longer or shorter.
  useLayoutEffect(() => setAbove(Math.round(list.current!.getBoundingClientRect().top + scrollY)))
  const virtual = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => ROW,
    overscan: 10,
    scrollMargin: above,
    getItemKey: index => shown[index]!.id,
  })
  return (
    <ol ref={list} className={styles.list} aria-label="Templates" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => (
        <li
          key={key}
          ref={virtual.measureElement}
          data-index={index}
          className={styles.item}
          style={{ transform: `translateY(${start - virtual.options.scrollMargin}px)` }}
        >
          <TemplateRow
            template={shown[index]!}
            {...{ most, entries, texts }}
            isOpen={open.has(shown[index]!.id)}
            onToggle={() => setOpen(old => old.symmetricDifference(new Set([shown[index]!.id])))}
          />
        </li>
      ))}
    </ol>
  )
}

interface RowProps extends Pick<RowsProps, 'most' | 'entries' | 'texts'> {
  template: Report.Template
  isOpen: boolean
  onToggle: () => void
}

function TemplateRow({ template, most, entries, texts, isOpen, onToggle }: RowProps) {
  const { id, count, level, firstTimestamp, lastTimestamp } = template
  const first = { file: template.firstFile, artifact: template.firstArtifact, line: template.firstLine }
  const last = { file: template.lastFile, artifact: template.lastArtifact, line: template.lastLine }
  return (
    <div className={styles.row}>
      <div className={styles.count}>
        <b>{count.toLocaleString('en')}</b>
        <small>{share(count, entries)}</small>
        <div className={styles.track} aria-hidden>
          <div style={{ width: `${(count / most) * 100}%` }} />
        </div>
      </div>
      <Badge tone={TONES[level]}>{capital(level)}</Badge>
      <div className={styles.what}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          aria-controls={`${id}-example`}
          onClick={onToggle}
        >
          <ChevronRight size={15} aria-hidden />
          <span>
            <TemplateText text={template.template} />
          </span>
        </button>
        <p className={styles.seen}>
          <Seen name="First" at={firstTimestamp} href={texts.hrefOf(first)} line={first.line} />
          {count > 1 && <Seen name="Last" at={lastTimestamp} href={texts.hrefOf(last)} line={last.line} />}
        </p>
        {isOpen && (
          <figure id={`${id}-example`} className={styles.example}>
            <figcaption>Its first entry, in {texts.nameOf(first)}</figcaption>
            <pre>
              <Content text={template.example} marks={null} />
            </pre>
          </figure>
        )}
      </div>
    </div>
  )
}

interface SeenProps {
  name: string
  at: string | null
  href: string | null
  line: number
}

function Seen({ name, at, href, line }: SeenProps) {
  const place = `line ${line.toLocaleString('en')}`
  return (
    <span>
      {name} {at && <Time at={at} />} {href ? <Link href={href}>{place}</Link> : place}
    </span>
  )
}
