/**
 * What the stages log for people: names of files, counts and sizes, never content.
 *
 * An upload may be an archive of ten thousand files, and a run's log has room for a thousand lines: in each stage the
 * first files have a line of their own, and all of them together one.
 */
import type { StageContext } from '../pipeline.ts'
import type { Analysis, IngestedText, RedactedText } from './handover.ts'
import { bytes, counted, errorsIn, number, ranked } from './rendering/words.ts'

/** Files that a stage tells of one by one, and warnings that it gives. */
const MOST = 20
/** Kinds of what was redacted that a line names. */
const MOST_KINDS = 12
/** Files without times that a line names. */
const MOST_NAMED = 3

/** A stage's lines; what is beyond the bounds is counted. */
export class StageLog {
  readonly #context: Pick<StageContext, 'log'>
  #files = 0
  #warnings = 0
  readonly #untimed: string[] = []

  constructor(context: Pick<StageContext, 'log'>) {
    this.#context = context
  }

  file(message: string): void {
    if (++this.#files <= MOST) this.#context.log('info', message)
  }

  warn(message: string): void {
    if (++this.#warnings <= MOST) this.#context.log('warn', message)
  }

  /** Of a file in which no entry tells a time. Of many there is one line, so that they push no other warning out. */
  untimed(name: string): void {
    this.#untimed.push(name)
  }

  /** @param sum on all files together; of one alone its own line has said it. */
  end(sum: string): void {
    const more = this.#warnings - MOST
    if (more > 0)
      this.#context.log(
        'warn',
        `${counted(more, 'more warning')} of this stage ${more === 1 ? 'is' : 'are'} left out.`,
      )
    if (this.#untimed.length > 0) this.#context.log('warn', withoutTimes(this.#untimed))
    if (this.#files <= 1) return
    const told = this.#files > MOST ? ` The first ${MOST} are told of above.` : ''
    this.#context.log('info', `${number(this.#files)} files in all: ${sum}.${told}`)
  }
}

export function ingested(text: IngestedText): string {
  const { name, encoding, compression, lines } = text
  if (lines === 0) return `"${name}" is empty.`
  const form = [encoding, compression].filter(Boolean).join(', ')
  return `"${name}" (${form}): ${sizeOf([text])}.`
}

/** Tells what whoever reads the report should know of a file beforehand. */
export function warn(log: StageLog, { name, truncated, entries, untimed }: IngestedText): void {
  if (truncated)
    log.warn(`"${name}" is not whole: it breaks off or is damaged. What comes before that was read.`)
  if (entries > 0 && untimed === entries) log.untimed(name)
}

function withoutTimes(files: readonly string[]): string {
  const named = files.slice(0, MOST_NAMED).map(name => `"${name}"`)
  const more = files.length - named.length
  const list = [...named, ...(more > 0 ? [counted(more, 'more file')] : [])]
  const them = list.length > 1 ? `${list.slice(0, -1).join(', ')} or ${list.at(-1)}` : list[0]
  return `No entry of ${them} tells a time: the timeline is without ${files.length > 1 ? 'them' : 'it'}.`
}

/** `357 entries in 463 lines, 52.8 KiB: 83 errors, 20 warnings, 1 without a time`. */
export function sizeOf(texts: readonly IngestedText[]): string {
  const sum = (of: (text: IngestedText) => number) => texts.reduce((total, text) => total + of(text), 0)
  const entries = sum(text => text.entries)
  const lines = sum(text => text.lines)
  const untimed = sum(text => text.untimed)
  const errors = sum(({ levels }) => errorsIn(levels))
  const warnings = sum(({ levels }) => levels.warn)
  const notes = [
    errors > 0 && counted(errors, 'error'),
    warnings > 0 && counted(warnings, 'warning'),
    untimed > 0 && untimed < entries && `${number(untimed)} without a time`,
  ].filter(Boolean)
  const size = `${counted(entries, 'entry')} in ${counted(lines, 'line')}, ${bytes(sum(text => text.textSize))}`
  return notes.length === 0 ? size : `${size}: ${notes.join(', ')}`
}

export function redactionsOf(texts: readonly Pick<RedactedText, 'kinds'>[]): string {
  const sums: Record<string, number> = {}
  for (const { kinds } of texts)
    for (const [kind, count] of Object.entries(kinds)) sums[kind] = (sums[kind] ?? 0) + count
  const total = Object.values(sums).reduce((sum, count) => sum + count, 0)
  return total === 0
    ? 'nothing had to be redacted'
    : `${counted(total, 'private detail')} redacted: ${listed(sums)}`
}

export function analysed({ templates, findings }: Analysis, texts: readonly IngestedText[]): string[] {
  const entries = texts.reduce((sum, text) => sum + text.entries, 0)
  const kinds: Record<string, number> = {}
  for (const { kind } of findings) kinds[kind] = (kinds[kind] ?? 0) + 1
  return [
    `${counted(entries, 'entry')} ${entries === 1 ? 'comes' : 'come'} down to ${counted(templates.length, 'template')}.`,
    findings.length === 0 ? 'No findings.' : `${counted(findings.length, 'finding')}: ${listed(kinds)}.`,
  ]
}

/** `3 × email, 1 × ip`, the most frequent first. */
function listed(counts: Readonly<Record<string, number>>): string {
  const all = ranked(counts)
  const more = all.length - MOST_KINDS
  const list = all
    .slice(0, MOST_KINDS)
    .map(([kind, count]) => `${number(count)} × ${kind.replaceAll(/[_-]/g, ' ')}`)
  return `${list.join(', ')}${more > 0 ? ` and ${counted(more, 'more kind')}` : ''}`
}
