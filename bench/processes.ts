/** What the kernel tells of a process. Linux only; elsewhere what is asked is not a number. */
import { readFileSync, writeFileSync } from 'node:fs'

/** The kernel counts processor time in hundredths of a second for every user of `/proc` (USER_HZ). */
const TICKS_PER_SECOND = 100

/** Seconds of processor time that it has used, in user and kernel mode. */
export function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  // The second field, in parentheses, is the program's name and may hold spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND : Number.NaN
}

/** Bytes of memory that are resident now. */
export const residentBytes = (pid: number): number => statusBytes(pid, 'VmRSS')

/** The most that were resident at once since the last reset. */
export const peakBytes = (pid: number): number => statusBytes(pid, 'VmHWM')

/** Starts the peak anew, at what is resident now. */
export function resetPeak(pid: number): void {
  if (process.platform === 'linux') writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function statusBytes(pid: number, field: string): number {
  const [, kibibytes] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`) ?? '') ?? []
  return kibibytes === undefined ? Number.NaN : Number(kibibytes) * 1024
}

function read(path: string): string | null {
  return process.platform === 'linux' ? readFileSync(path, 'utf8') : null
}
