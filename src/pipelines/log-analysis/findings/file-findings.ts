/** Everything that is looked for in one file by itself: what is unusual is so against the file's own past. */
import type { IngestedText, RedactedText } from '../handover.ts'
import { errorBursts } from './error-bursts.ts'
import { exposedSecrets } from './exposed-secrets.ts'
import { FirstSeenFinder } from './first-seen.ts'
import type { Found, SeenAt, Wordings } from './found.ts'
import { GapFinder } from './gaps.ts'
import { RestartFinder } from './restarts.ts'
import { TimelineCounter } from './timeline.ts'

export class FileFindings {
  readonly #place: number
  readonly #text: IngestedText
  readonly #redacted: RedactedText
  readonly #timeline = new TimelineCounter()
  readonly #firstSeen = new FirstSeenFinder()
  readonly #gaps = new GapFinder()
  readonly #restarts = new RestartFinder()
  /** Lines on which a kind was first redacted, and the entries they turned out to belong to. */
  readonly #wanted: readonly number[]
  readonly #entries = new Map<number, SeenAt>()

  /** @param place of the text among the job's. */
  constructor(place: number, text: IngestedText, redacted: RedactedText) {
    this.#place = place
    this.#text = text
    this.#redacted = redacted
    this.#wanted = Object.values(redacted.firstLines)
  }

  /** @param lines how many the entry has. */
  add(seen: SeenAt, message: string, lines: number): void {
    this.#timeline.add(seen)
    this.#firstSeen.add(seen)
    this.#gaps.add(seen)
    this.#restarts.add(seen, message)
    for (const line of this.#wanted)
      if (line >= seen.line && line < seen.line + lines) this.#entries.set(line, seen)
  }

  finish(wordings: Wordings): Found[] {
    const bursts = errorBursts(this.#timeline, wordings)
    return [
      ...bursts.map(burst => burst.found),
      ...this.#firstSeen.finish(bursts, wordings),
      ...this.#restarts.finish(),
      ...this.#gaps.finish(),
      ...exposedSecrets(this.#place, this.#text, this.#redacted, line => this.#entries.get(line)),
    ]
  }
}
