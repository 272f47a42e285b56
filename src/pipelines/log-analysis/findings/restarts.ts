/** A program, or a machine, that began anew in the middle of its log. */
import { isError } from '../levels.ts'
import { at, clock, type Found, type SeenAt, span, spansDays, times } from './found.ts'

const SUBJECT = String.raw`(?:the )?(?:\S+ )?(?:web ?server|server|service|application|app|process|daemon|worker|node)`
/** What programs say of themselves as they come up: a phrase for each, never a mere "started". */
const STARTING = new RegExp(
  [
    String.raw`\bLinux version \d`,
    String.raw`\b(?:re)?booting (?:linux|paravirt|processor|system)`,
    String.raw`^started \w+ in [\d.]+ seconds`,
    String.raw`^${SUBJECT} (?:is |has |was )?(?:re-?)?(?:starting|started|booting|booted|start-?up)\b`,
    String.raw`^(?:re-?)?(?:starting|started|booting)(?: up)? ${SUBJECT}\b`,
    String.raw`\bserver startup in\b`,
    String.raw`\bready (?:to accept|for) connections\b`,
    String.raw`\bresuming normal operations\b`,
    String.raw`\bsyslogd? [\d.]+: restart`,
    String.raw`\bdatabase system (?:is ready|was interrupted)`,
    `^(?:now )?listening (?:at|on):? (?:port|https?:)`,
  ].join('|'),
  'i',
)
const STOPPING =
  /\bshutting down\b|\bshut ?down (?:complete|requested|in progress|hook)|\bgraceful(?:ly)? (?:stop|shut)|\b(?:received|caught|got) SIG(?:TERM|INT)\b|\bexiting on signal 15\b|\bstopping (?:the )?(?:server|service|application)\b|\b(?:replacing|terminating|evicting) pod\b|\brolling (?:out|back|update)\b|\bgoing down for (?:system )?(?:reboot|halt|maintenance)/i
/** What a logger's name looks like that was left in front of the message. */
const LOGGER = /^[\w.$/[\]-]{1,80} ?: /

/** Ms. What comes up says so in several words: within this time they are one start. */
const ONE_START = 120_000
const MOST_STARTS = 200
/** Entries from the file's first on that belong to its own beginning. */
const BEGINNING = 20
/** A restart in every so many entries is how this log works (a job runner, a watchdog), not news. */
const LEAST_ENTRIES_A_START = 50
const ERRORS_LOOKED_BACK = 10

interface Start {
  readonly first: SeenAt
  last: number
  readonly announced: boolean
  readonly troubled: boolean
}

export class RestartFinder {
  readonly #phrases = new Map<number, 'starting' | 'stopping' | null>()
  readonly #starts: Start[] = []
  #entries = 0
  #firstTime = Number.NaN
  #lastTime = Number.NaN
  #lastError = Number.NEGATIVE_INFINITY
  #lastStop = Number.NEGATIVE_INFINITY

  add(seen: SeenAt, message: string): void {
    this.#entries++
    if (Number.isNaN(seen.time)) return
    if (Number.isNaN(this.#firstTime)) this.#firstTime = seen.time
    this.#lastTime = seen.time
    if (isError(seen.level)) this.#lastError = this.#entries
    let phrase = this.#phrases.get(seen.template)
    if (phrase === undefined) {
      const words = message.replace(LOGGER, '')
      phrase = STARTING.test(words) ? 'starting' : STOPPING.test(words) ? 'stopping' : null
      this.#phrases.set(seen.template, phrase)
    }
    if (phrase === 'stopping') this.#lastStop = seen.time
    if (phrase === 'starting') this.#start(seen)
  }

  finish(): Found[] {
    const { length } = this.#starts
    if (length === 0 || this.#entries < length * LEAST_ENTRIES_A_START) return []
    const longerThanADay = spansDays(this.#firstTime, this.#lastTime)
    const sudden = this.#starts.filter(start => !start.announced)
    const worst = sudden.find(start => start.troubled) ?? sudden[0] ?? this.#starts[0]!
    const moments = this.#starts.slice(0, 4).map(start => clock(start.first.time, longerThanADay))
    const more = length > moments.length ? ` and ${length - moments.length} more` : ''
    const why =
      sudden.length === 0
        ? 'Announced by a shutdown or a roll-out.'
        : worst.troubled
          ? 'No shutdown was logged before it, but errors were: it may have crashed.'
          : 'No shutdown was logged before it.'
    return [
      {
        kind: 'restart',
        severity: worst.troubled && !worst.announced ? 'high' : sudden.length > 0 ? 'medium' : 'low',
        title:
          length === 1
            ? 'Restarted once'
            : `Restarted ${times(length)} within ${span((this.#starts.at(-1)!.first.time - this.#starts[0]!.first.time) / 1e3)}`,
        detail: `At ${moments.join(', ')}${more}. ${why}`,
        ...at(worst.first),
      },
    ]
  }

  #start(seen: SeenAt): void {
    const last = this.#starts.at(-1)
    if (last && seen.time - last.last <= ONE_START) last.last = seen.time
    else if (this.#entries > BEGINNING && this.#starts.length < MOST_STARTS) {
      this.#starts.push({
        first: seen,
        last: seen.time,
        announced: seen.time - this.#lastStop <= ONE_START * 5,
        troubled: this.#entries - this.#lastError <= ERRORS_LOOKED_BACK,
      })
    }
  }
}
