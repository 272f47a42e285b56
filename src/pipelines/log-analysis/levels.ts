/** How grave an entry says it is. Logs have many words for it; a report needs few. */
export const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'unknown'] as const
export type Level = (typeof LEVELS)[number]
export type LevelCounts = Record<Level, number>

export function noLevels(): LevelCounts {
  return { fatal: 0, error: 0, warn: 0, info: 0, debug: 0, unknown: 0 }
}

export function isError(level: Level): boolean {
  return level === 'error' || level === 'fatal'
}

/**
 * Of syslog, Java (log4j, logback, java.util.logging), Python, .NET (NLog, Serilog, Microsoft), Go (zap, zerolog, slog),
 * Rust, Ruby, npm, PostgreSQL, MySQL, Google Cloud.
 */
const WORDS: Readonly<Record<Exclude<Level, 'unknown'>, string>> = {
  fatal: 'fatal critical crit emerg emergency alert panic dpanic ftl pnc',
  error: 'error err severe failure fail eror',
  warn: 'warn warning wrn',
  info: 'info information informational notice note config inf log system http default success audit',
  debug:
    'debug trace verbose fine finer finest all dbug dbg trce trc vrb verb silly debug1 debug2 debug3 debug4 debug5',
}

const BY_WORD: ReadonlyMap<string, Level> = new Map(
  Object.entries(WORDS).flatMap(([level, words]) =>
    words.split(' ').flatMap(word =>
      // As loggers nearly always write them, so that they are found without making a new string.
      [word, word.toUpperCase(), `${word[0]!.toUpperCase()}${word.slice(1)}`].map(
        spelling => [spelling, level as Level] as const,
      ),
    ),
  ),
)

/** Words of everyday English: a level only where nothing else can stand. */
const EVERYDAY: ReadonlySet<string> = new Set(
  'NOTE LOG SYSTEM HTTP DEFAULT SUCCESS AUDIT ALL FAIL FAILURE FINE ALERT'.split(' '),
)

/** The letters of Android's logcat, klog and many a C++ logger. */
const BY_LETTER: Readonly<Record<string, Level>> = {
  F: 'fatal',
  A: 'fatal',
  C: 'fatal',
  E: 'error',
  W: 'warn',
  I: 'info',
  N: 'info',
  D: 'debug',
  V: 'debug',
  T: 'debug',
}

/** The longest of the words. */
export const LONGEST_LEVEL = 13

/** @param word as it stands in the log, in any case. */
export function levelOfWord(word: string): Level | undefined {
  return BY_WORD.get(word) ?? BY_WORD.get(word.toLowerCase())
}

/** @param word in capitals. */
export function isEveryday(word: string): boolean {
  return EVERYDAY.has(word)
}

export function levelOfLetter(letter: string): Level | undefined {
  return BY_LETTER[letter]
}

/** RFC 5424, section 6.2.1: the severity is the priority's last three bits, 0 (emergency) to 7 (debug). */
export function levelOfPriority(priority: number): Level {
  const severity = priority & 7
  if (severity <= 2) return 'fatal'
  return (['error', 'warn', 'info', 'info', 'debug'] as const)[severity - 3]!
}

/** Levels as numbers: up to 7 they are syslog's severities (GELF, journald), above those of pino, bunyan and Python. */
export function levelOfNumber(number: number): Level {
  if (number <= 7) return number >= 0 ? levelOfPriority(number) : 'unknown'
  if (number >= 60) return 'fatal'
  if (number >= 50) return 'error'
  if (number >= 40) return 'warn'
  if (number >= 30) return 'info'
  return number >= 10 ? 'debug' : 'unknown'
}
