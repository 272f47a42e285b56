/** Sizes, times and names, as people read them. */
import { h } from './dom.js'

/** @import { Job, Status } from './api.js' */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** @param {number} count */
export function bytes(count) {
  if (count === 1) return '1 byte'
  // From 999.5 on, rounding would show "1000 kB".
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count * 1.0005) / 3))
  const value = count / 1000 ** power
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`
}

/** @param {string | null} from @param {string | null} to RFC 3339; null where it did not happen */
export function between(from, to) {
  return from && to ? duration(Date.parse(to) - Date.parse(from)) : null
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { style: 'narrow', numeric: 'auto' })

/** @param {string} at @param {number} [now] */
export function ago(at, now = Date.now()) {
  const seconds = Math.round((now - Date.parse(at)) / 1000)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return RELATIVE.format(-seconds, 'second')
  if (seconds < 3600) return RELATIVE.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return RELATIVE.format(-Math.floor(seconds / 3600), 'hour')
  return RELATIVE.format(-Math.floor(seconds / 86_400), 'day')
}

// One form for all viewers, in their own zone: a log's reader compares times, and wants them sortable.
const DAY = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' })
const CLOCK = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })
const CLOCK_MS = new Intl.DateTimeFormat('sv-SE', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/**
 * A time in the viewer's zone; UTC on hover.
 *
 * @param {string} at RFC 3339
 * @param {'full' | 'clock' | 'ago'} [style]
 */
export function time(at, style = 'full') {
  const date = new Date(at)
  const text =
    style === 'ago'
      ? ago(at)
      : style === 'clock'
        ? CLOCK_MS.format(date).replace(',', '.')
        : `${DAY.format(date)} ${CLOCK.format(date)}`
  return h('time', { datetime: at, title: `${at.replace('T', ' ').replace('Z', '')} UTC` }, text)
}

/** @param {string} word */
export function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** What people call a job: its files. @param {Pick<Job, 'files'>} job */
export function title({ files }) {
  const [first, ...others] = files
  if (!first) return 'No files yet'
  return others.length === 0 ? first.name : `${first.name} and ${others.length} more`
}

/** @param {Pick<Job, 'files'>} job */
export function totalSize({ files }) {
  return files.reduce((sum, file) => sum + file.size, 0)
}

/** Never by colour alone: the word is always there. @param {Status} status */
export function badge(status) {
  return h('span', { class: 'badge', 'data-status': status }, capital(status))
}
