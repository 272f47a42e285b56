/** Which lines of a job's log are shown. */
import type { LogLine, Story } from './story.ts'

/** From the least to the most urgent. */
export const LEVELS = ['info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** @returns the very same lines where all are wanted. */
export function linesLike(lines: readonly LogLine[], least: Level, text: string): readonly LogLine[] {
  const needle = text.trim().toLowerCase()
  if (!needle && least === 'info') return lines
  return lines.filter(
    ({ level, message, stage }) =>
      // A level that is none of ours counts as the least urgent.
      Math.max(0, (LEVELS as readonly string[]).indexOf(level)) >= LEVELS.indexOf(least) &&
      `${stage} ${message}`.toLowerCase().includes(needle),
  )
}

/**
 * What the results have to do without, as each stage said when it ran last: a retry goes on behind those that are done. Each
 * once: a stage that is begun again says it again.
 */
export function warningsOf({ lines, runs }: Story): readonly string[] {
  const newest = new Map(runs.flatMap(({ run, stages }) => stages.map(({ name }) => [name, run] as const)))
  const warnings = lines.filter(({ run, stage, level }) => level === 'warn' && newest.get(stage) === run)
  return [...new Set(warnings.map(({ message }) => message))]
}
