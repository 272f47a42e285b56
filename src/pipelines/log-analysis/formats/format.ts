/**
 * What a log format is. A format is a small entry in one of this folder's files; `registry.ts` lists them all.
 *
 * - *header*: what stands before the message of an entry's first line: time, level, host, process, logger.
 * - *message*: the rest, in the words of whoever wrote the program. Templates are mined from it alone.
 */
import type { Level } from '../levels.ts'

export interface Header {
  /** Milliseconds since 1970, in UTC where the log names no zone; NaN where the entry tells no time. */
  readonly time: number
  readonly level: Level
  readonly message: string
  /** The line tells a time of its own, and yet continues the entry before: a stack trace that a container's runtime cut up. */
  readonly continued?: boolean
  /** The next line of this format continues this one. */
  readonly unfinished?: boolean
}

/** What a later line of an entry adds to its header. */
export type HeaderPart = Partial<Pick<Header, 'time' | 'level' | 'message'>>

export interface LogFormat {
  readonly name: string
  /** Every character that a header of this format can begin with; a line that begins otherwise is never tried. */
  readonly begins: string
  /** No entry of it tells a time, so a sentence may look like one: it is read only where no line of a file does better. */
  readonly timeless?: true
  /** Each of its lines has a header around a line that a program printed. */
  readonly wraps?: true
  /** Its message is a field's value, and not, as in every other, the rest of the line. */
  readonly fields?: true
  /** Its times have no year. */
  readonly yearless?: true
  /**
   * Reads the first line of an entry; null where the line is none of this format. It must also read the line after
   * redaction, when any word of the header may have become a mark in brackets.
   */
  read(line: string, clock: Clock): Header | null
  /**
   * Of formats whose header has several lines: what line `nth` after the first (from 1 on) adds; null where it is no
   * part of this entry as far as the format can tell.
   */
  more?(line: string, nth: number, clock: Clock): HeaderPart | null
}

export const DIGITS = '0123456789'
export const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
export const LETTERS = CAPITALS + CAPITALS.toLowerCase()

/** What a file's other lines tell about one line's time. One clock a file: it follows the file over New Year. */
export interface Clock {
  yearOf(month: number, day: number): number
  /** Ms; what is later is no time of a log. */
  readonly latest: number
  /** Of `03/07/2024`: whether the day comes first. */
  dayFirst: boolean
}

const DAY_MS = 86_400_000
/** A clock may be wrong, or ahead by its time zone; one that is wrong by years tells nothing. */
const MOST_AHEAD = 366 * DAY_MS

/**
 * @param now ms. An entry is taken to be of the last year in which its day is not in the future; when the months of a
 *   file jump back by more than half a year, a new year has begun.
 */
export function createClock(now: number): Clock {
  let year = 0
  let lastMonth = 0
  return {
    latest: now + MOST_AHEAD,
    dayFirst: false,
    yearOf(month, day) {
      if (year === 0) {
        year = new Date(now).getUTCFullYear()
        if (Date.UTC(year, month - 1, day) > now + DAY_MS) year--
      } else if (lastMonth - month > 6) year++
      else if (month - lastMonth > 6) year--
      lastMonth = month
      return year
    },
  }
}
