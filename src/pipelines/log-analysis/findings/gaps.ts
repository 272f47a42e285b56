/** Times in which a file that always has something to say said nothing. */
import { at, clock, type Found, type SeenAt, span, spansDays } from './found.ts'

/** Ms. Shorter is never worth a word. */
const LEAST_GAP = 60_000
/** In shorter files, or this near to either end, nothing is known of what is usual. */
const LEAST_ENTRIES = 100
const LEAST_BESIDE = 20
/** How many times the mean distance of entries; the longest of a million random arrivals is 14 times as long. */
const TIMES_MEAN = 30
/** A log that has more than these of a quarter the length falls silent now and then: at night, for want of work. */
const MOST_LIKE_IT = 2

/** `after` is the first entry that follows. */
interface Gap {
  readonly length: number
  readonly after: SeenAt
  readonly entriesBefore: number
}

export class GapFinder {
  #first = Number.NaN
  #latest = Number.NaN
  #entries = 0
  /** The longest, longest first: as many as it takes to see whether the longest stands out. */
  #longest: Gap[] = []

  add(seen: SeenAt): void {
    this.#entries++
    const { time } = seen
    if (Number.isNaN(time)) return
    const length = time - this.#latest
    if (Number.isNaN(length)) this.#first = time
    else if (length >= LEAST_GAP / 4) this.#keep({ length, after: seen, entriesBefore: this.#entries - 1 })
    // Times that go back are told by the clock, not by silence.
    if (!(length < 0)) this.#latest = time
  }

  finish(): Found[] {
    const mean = (this.#latest - this.#first) / Math.max(1, this.#entries - 1)
    if (this.#entries < LEAST_ENTRIES) return []
    const longerThanADay = spansDays(this.#first, this.#latest)
    const silence = (gap: Gap) =>
      `from ${clock(gap.after.time - gap.length, longerThanADay)} to ${clock(gap.after.time, longerThanADay)}`
    const [longest, ...others] = this.#longest.filter(gap => this.#standsOut(gap, mean))
    if (!longest) return []
    const more = others.map(gap => `, and ${silence(gap)}`).join('')
    return [
      {
        kind: 'gap',
        severity: 'medium',
        title: `Nothing logged for ${span(longest.length / 1e3)}`,
        detail: `Silent ${silence(longest)}${more}; otherwise an entry comes every ${span(mean / 1e3)} on average. Stopped, cut off, or part of the log is missing.`,
        ...at(longest.after),
      },
    ]
  }

  #standsOut({ length, entriesBefore }: Gap, mean: number): boolean {
    const entriesAfter = this.#entries - entriesBefore
    const like = this.#longest.filter(other => other.length >= length / 4).length
    return (
      length >= Math.max(LEAST_GAP, mean * TIMES_MEAN) &&
      entriesBefore >= LEAST_BESIDE &&
      entriesAfter >= LEAST_BESIDE &&
      like <= MOST_LIKE_IT
    )
  }

  #keep(gap: Gap): void {
    const place = this.#longest.findIndex(other => other.length < gap.length)
    if (place >= 0) this.#longest.splice(place, 0, gap)
    else this.#longest.push(gap)
    if (this.#longest.length > MOST_LIKE_IT + 1) this.#longest.pop()
  }
}
