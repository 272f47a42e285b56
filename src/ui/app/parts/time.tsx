/** Times, in the viewer's zone; UTC on hover. */
import { useSyncExternalStore } from 'react'
import { ago } from '../format.ts'

// One form for all viewers, in their own zone: a log's reader compares times, and wants them sortable.
const DAY = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' })
const CLOCK = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })
const CLOCK_MS = new Intl.DateTimeFormat('sv-SE', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

interface Props {
  /** RFC 3339. */
  at: string
  /** `clock`: the time of day alone, to the millisecond; `ago`: kept current by itself. */
  style?: 'full' | 'clock' | 'ago'
}

export function Time({ at, style = 'full' }: Props) {
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`} className="number">
      {style === 'ago' ? <Ago at={at} /> : style === 'clock' ? clock(at) : full(at)}
    </time>
  )
}

export function full(at: string): string {
  const date = new Date(at)
  return `${DAY.format(date)} ${CLOCK.format(date)}`
}

export function clock(at: string): string {
  return CLOCK_MS.format(new Date(at)).replace(',', '.')
}

function Ago({ at }: { at: string }) {
  return <>{ago(at, useNow())}</>
}

/** One clock for all ages on a page, in ms. */
const TICK = 10_000
let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, TICK)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The present time, in ms since the epoch, to some seconds. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => (timer ? now : Date.now() - (Date.now() % TICK)))
}
