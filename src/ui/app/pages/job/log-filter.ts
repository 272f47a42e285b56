/** Which lines of a job's log are shown. */
import type { LogLine } from './story.ts'

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

/** What a run warned of. Each once: a stage that runs again says it again. */
export function warningsOf(lines: readonly LogLine[], run: number): readonly string[] {
  const warnings = lines.filter(line => line.run === run && line.level === 'warn')
  return [...new Set(warnings.map(({ message }) => message))]
}
