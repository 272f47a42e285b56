/** Sizes, times and names, as people read them. */
import type { Job } from './contract.ts'

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

export function bytes(count: number): string {
  if (count === 1) return '1 byte'
  // From 999.5 on, rounding would show "1000 kB".
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count * 1.0005) / 3))
  const value = count / 1000 ** power
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`
}

/** @param milliseconds negative ones, of clocks that disagree, count as none */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const days = Math.floor(whole / 86_400)
  const hours = Math.floor(whole / 3600) % 24
  const minutes = Math.floor(whole / 60) % 60
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`
}

/** A duration that is still to come: nobody knows it to the tenth. */
export function wholeSeconds(milliseconds: number): string {
  return duration(milliseconds).replace(/\.\d s$/, ' s')
}

/** @returns null where one of the two did not happen */
export function between(from: string | null, to: string | null): string | null {
  return from && to ? duration(Date.parse(to) - Date.parse(from)) : null
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { style: 'narrow', numeric: 'auto' })

export function ago(at: string, now = Date.now()): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000)
  // A time to come: the next attempt of a delivery, say.
  if (seconds < -5) return `in ${wholeSeconds(-seconds * 1_000)}`
  if (seconds < 10) return 'just now'
  if (seconds < 60) return RELATIVE.format(-seconds, 'second')
  if (seconds < 3600) return RELATIVE.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return RELATIVE.format(-Math.floor(seconds / 3600), 'hour')
  return RELATIVE.format(-Math.floor(seconds / 86_400), 'day')
}

export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** What people call a job: its files. */
export function titleOf({ files }: Pick<Job, 'files'>): string {
  const [first, ...others] = files
  if (!first) return 'No files yet'
  return others.length === 0 ? first.name : `${first.name} and ${others.length} more`
}

export function sizeOf({ files }: Pick<Job, 'files'>): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}

/** A metadata value as it stands in a chip or in a filter. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
