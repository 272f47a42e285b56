/** What a line is made of, for the eye: what was redacted, what was searched for, how grave it is. */

export interface Segment {
  readonly text: string
  /** What kind of thing stood here, where it was redacted. */
  readonly redacted: string | null
  readonly isHit: boolean
}

type Span = readonly [from: number, to: number, kind: string]

/** `[REDACTED:email]`, and the pseudonym `[email:3fa2b1]`. */
const REDACTED = /\[REDACTED:([\w-]+)\]|\[([a-z][\w-]*):[0-9a-f]{6}\]/g
/** What is marked in a line that a search has found. */
export interface Marks {
  /** Global. */
  readonly pattern: RegExp
  /** In a line; what fits every letter must not make every letter an element. */
  readonly most: number
}

export function segmentsOf(text: string, marks: Marks | null): Segment[] {
  const redacted = spansOf(text, REDACTED, Number.POSITIVE_INFINITY)
  const hits = marks ? spansOf(text, marks.pattern, marks.most) : []
  if (redacted.length === 0 && hits.length === 0) return [{ text, redacted: null, isHit: false }]
  const edges = new Set([0, text.length])
  for (const [from, to] of [...redacted, ...hits]) edges.add(from).add(to)
  const cuts = [...edges].sort((a, b) => a - b)
  return cuts.slice(1).map((to, place) => {
    const from = cuts[place]!
    return {
      text: text.slice(from, to),
      redacted: spanAt(redacted, from)?.[2] ?? null,
      isHit: spanAt(hits, from) !== undefined,
    }
  })
}

/** Looks no further than for `most` of them. */
function spansOf(text: string, pattern: RegExp, most: number): Span[] {
  return text
    .matchAll(pattern)
    .filter(match => match[0] !== '')
    .take(most)
    .map((match): Span => [match.index, match.index + match[0].length, match[1] ?? match[2] ?? ''])
    .toArray()
}

function spanAt(spans: readonly Span[], at: number): Span | undefined {
  return spans.find(([from, to]) => from <= at && at < to)
}

export type Gravity = 'error' | 'warn' | 'quiet'

/** Where loggers put their levels; words further in are somebody's prose. */
const HEAD = 160
/** In capitals, as the value of a field, or in brackets: "error" by itself is an everyday word. */
const LEVELS: readonly (readonly [Gravity, RegExp])[] = [
  [
    'error',
    /\b(?:FATAL|CRITICAL|CRIT|EMERG|PANIC|ERROR|SEVERE|FTL|ERR)\b|\blevel"?[=:]\s*"?(?:error|fatal|critical|panic)|\[(?:error|crit|emerg|fatal)\]/,
  ],
  ['warn', /\b(?:WARN|WARNING|WRN)\b|\blevel"?[=:]\s*"?warn|\[warn(?:ing)?\]/],
  ['quiet', /\b(?:DEBUG|TRACE|VERBOSE|DBG)\b|\blevel"?[=:]\s*"?(?:debug|trace)|\[(?:debug|trace)\]/],
]

/** Only for its colour: the report has counted levels with more care. */
export function gravityOf(text: string): Gravity | null {
  const head = text.slice(0, HEAD)
  return LEVELS.find(([, pattern]) => pattern.test(head))?.[0] ?? null
}
