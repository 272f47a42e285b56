/**
 * What stands between the time and the message: process ids, threads, a level, a logger, in the orders in which
 * loggers put them. Nothing is taken for part of the header unless a level was found: without one, all that follows
 * the time is message.
 */
import { isEveryday, type Level, LONGEST_LEVEL, levelOfLetter, levelOfWord } from '../levels.ts'
import { isDigit, skip, skipDigits } from './scan.ts'

/** One level of nesting: `[QuorumPeer[myid=1]/…]`, and any word in brackets that redaction put a mark into. */
const BRACKETS = /\[([^[\]]{0,200}(?:\[[^[\]]{0,200}\][^[\]]{0,200}){0,8})\]/y
/** A logger or a user before the level: `nova.compute INFO`, `app.db - INFO -`, `user@db ERROR:`. */
const LOGGER_FIRST = /[\w.$/@=,:*()-]{1,160}\s+(?:- )?(?=[A-Z]{3,9}\d?[\s:|-])/y
/** Spring Boot: ` 4711 --- [main] com.example.App : `. */
const SPRING = /\d{1,10} --- /y
/** A logger after the level; a lone plain word is not taken for one, since messages begin like that, too. */
const LOGGER =
  /(?:[\w$-]+[.$/][\w.$/-]*|[A-Z]\w*[a-z]\w*[A-Z]\w*)(?:\[\w+\]|:[\w<>$]+:\d+)?\s*(?::(?=\s|$)| - |\|)/y
/** OpenStack's, with its request behind it: `nova.compute.manager [req-… - - -] `. */
const LOGGER_AND_REQUEST = /\w+(?:\.\w+)+ \[(?:req-[^\]]{0,200}|-)\]\s*/y
/** A logger in a column of its own, as in Windows' CBS.log; after a bar, up to the next. */
const COLUMN = /[A-Za-z]\w{1,20} {2,}/y
const BARRED = /[\w.$ <>:-]{1,160}\|\s*/y
/** Where in the source, as zap writes it between tabs. */
const CALLER = /(?:[\w.-]+\t)?[\w./@-]+\.\w{1,4}:\d+\t/y
/** A letter is a level where a component in capitals and a context follow, as in MongoDB's logs until 4.2. */
const COMPONENT = /[FEWID] [A-Z_-]{1,12} +\[/y
/** logcat's brief form: `D/WindowManager( 1702): `. */
const TAGGED = /[FEWIDV]\/[\w.$:-]{1,80}\s*\(\s*\d+\): /y
const PROCESS = /\/[\w.-]{1,64}\]/y
/** `error: …` as the first word of a message that has no level elsewhere. */
const SPOKEN = /\[?(fatal|error|err|warning|warn|info|debug|panic|critical|notice)\]?: /iy

const MOST_FIELDS = 7

/** Where the header ends, and what it says. One is used again and again. */
export interface Tail {
  level: Level
  messageAt: number
}

/** Reads from `at`, just behind the time. */
export function readTail(line: string, at: number, tail: Tail): void {
  const start = skipSeparators(line, at)
  let position = start
  let numbers = 0
  for (let field = 0; field < MOST_FIELDS; field++) {
    if (levelAt(line, position, numbers >= 2, tail)) {
      tail.messageAt = behindLevel(line, tail.messageAt)
      return
    }
    const next = skipField(line, position)
    if (next === position) break
    if (isDigit(line.charCodeAt(position))) numbers++
    position = next
  }
  spokenTail(line, start, tail)
}

/** For formats whose header is known to have ended: a level may still be the message's first word. */
export function spokenTail(line: string, at: number, tail: Tail): void {
  tail.messageAt = at
  tail.level = 'unknown'
  // The cheap look first: no letter that begins such a word, no word.
  if (!mayBeSpoken(line.charCodeAt(at))) return
  SPOKEN.lastIndex = at
  const word = SPOKEN.exec(line)?.[1]
  if (word) tail.level = levelOfWord(word) ?? 'unknown'
}

const SPOKEN_BEGINS: ReadonlySet<number> = new Set(
  Array.from('[fewidpcnFEWIDPCN', letter => letter.charCodeAt(0)),
)
const mayBeSpoken = (code: number): boolean => SPOKEN_BEGINS.has(code)

/** Fills `tail` with the level, and with where the level ends. */
function levelAt(line: string, at: number, letters: boolean, tail: Tail): boolean {
  const code = line.charCodeAt(at)
  if (code === 91) return bracketedLevel(line, at, tail)
  if (!isLetter(code)) return false
  let end = at + 1
  while (end - at <= LONGEST_LEVEL && isLetter(line.charCodeAt(end))) end++
  // PostgreSQL counts its debug levels.
  if (end - at === 5 && isDigit(line.charCodeAt(end))) end++
  if (isWordPart(line.charCodeAt(end)))
    return line.charCodeAt(end) === 47 && slashedLevel(line, at, end, tail)
  if (end - at === 1) {
    const level = letters || skip(COMPONENT, line, at) !== at ? levelOfLetter(line[at]!) : undefined
    if (!level) return false
    tail.level = level
    tail.messageAt = end
    return true
  }
  const word = line.slice(at, end)
  const level = levelOfWord(word)
  // A sentence may begin with such a word, too ("Error while …"): only a level stands in capitals or apart.
  if (!level || !standsApart(word, line, end)) return false
  tail.level = level
  tail.messageAt = end
  return true
}

/** `[core:error]` (Apache 2.4), `[Server thread/INFO]`, `[10:00:01 INF]`, `[: INFO/MainProcess]`. */
const IN_BRACKETS = /^(?:[^\]]*[:/ ])?([A-Za-z]{1,13})(?:\/[\w.-]+)?$/

function bracketedLevel(line: string, at: number, tail: Tail): boolean {
  const close = line.indexOf(']', at)
  if (close < 0 || close - at > 60) return false
  const inside = line.slice(at + 1, close).trim()
  const level =
    levelOfWord(inside) ??
    (inside.length === 1 ? levelOfLetter(inside) : levelOfWord(IN_BRACKETS.exec(inside)?.[1] ?? ''))
  if (!level) return false
  tail.level = level
  tail.messageAt = close + 1
  return true
}

/** `D/WindowManager( 1702): ` (logcat), `WARNING/MainProcess]` (Celery). */
function slashedLevel(line: string, at: number, slash: number, tail: Tail): boolean {
  const letter = slash - at === 1
  const end = letter ? skip(TAGGED, line, at) : skip(PROCESS, line, slash)
  const level = letter ? levelOfLetter(line[at]!) : levelOfWord(line.slice(at, slash))
  if (!level || end === (letter ? at : slash)) return false
  tail.level = level
  tail.messageAt = end
  return true
}

function standsApart(word: string, line: string, end: number): boolean {
  const next = line.charCodeAt(end)
  // `:` `|` `]` `,` tab, or two blanks
  if (next === 58 || next === 124 || next === 93 || next === 44 || next === 9) return true
  if (next === 32 && line.charCodeAt(end + 1) === 32) return true
  return (
    isCapital(line.charCodeAt(end - word.length + 1)) &&
    isCapital(line.charCodeAt(end - 1)) &&
    !isEveryday(word)
  )
}

function skipField(line: string, at: number): number {
  const code = line.charCodeAt(at)
  let end = at
  if (isDigit(code)) {
    end = skipDigits(line, at)
    const next = line.charCodeAt(end)
    if (end - at > 10 || !(next === 32 || next === 9 || next === 124 || next === 93)) end = at
  } else if (code === 91) end = skip(BRACKETS, line, at)
  if (end === at) end = skip(LOGGER_FIRST, line, at)
  return end === at ? at : skipSeparators(line, end)
}

function behindLevel(line: string, end: number): number {
  const barred = line.charCodeAt(end) === 124
  let at = skipSeparators(line, end)
  if (barred) return skip(BARRED, line, at)
  if (line.charCodeAt(end) === 9) at = skip(CALLER, line, at)
  if (isDigit(line.charCodeAt(at))) at = skip(SPRING, line, at)
  for (let field = 0; field < 4 && line.charCodeAt(at) === 91; field++) {
    const next = skip(BRACKETS, line, at)
    if (next === at) break
    at = skipSeparators(line, next)
  }
  if (!isLetter(line.charCodeAt(at))) return at
  const logger = skip(LOGGER, line, at)
  if (logger !== at) return skipSeparators(line, logger)
  const column = skip(COLUMN, line, at)
  return column === at ? skip(LOGGER_AND_REQUEST, line, at) : column
}

/** Blanks, `]`, `|`, `,`, `:`, `-`, and the colours of a terminal. */
function skipSeparators(line: string, at: number): number {
  let end = at
  for (;;) {
    const code = line.charCodeAt(end)
    if (code === 32 || code === 93 || code === 124 || code === 44 || code === 58 || code === 45 || code === 9)
      end++
    else return end
  }
}

function isLetter(code: number): boolean {
  const upper = code & ~32
  return upper >= 65 && upper <= 90
}

/** Also a digit, at the end of `DEBUG1`. */
function isCapital(code: number): boolean {
  return code <= 90
}

/** What makes a word more than a plain one: digits, `_`, `.`, `$`, `/`. */
function isWordPart(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === 95 || code === 46 || code === 36 || code === 47
}
