/** Puts together what the stages found, as `report.json` tells it. */
import type { Analysis, IngestedText, RedactedText } from './handover.ts'
import { LEVELS, noLevels } from './levels.ts'
import { isoOrNull } from './mining/template-table.ts'
import type { FileSummary, ReportJson, Totals } from './report-json.ts'

/** @param uploaded bytes of all files, as they came. */
export function summarise(
  texts: readonly IngestedText[],
  redacted: readonly RedactedText[],
  analysis: Analysis,
  uploaded: number,
  generatedAt: Date,
): ReportJson {
  const { templates, timeline, findings } = analysis
  const files = texts.map((text, place) => fileSummary(text, redacted[place]!))
  return {
    pipeline: 'log-analysis',
    generatedAt: generatedAt.toISOString(),
    totals: totals(files, templates.length, uploaded),
    files,
    templates,
    timeline,
    findings,
  }
}

function fileSummary(text: IngestedText, redacted: RedactedText): FileSummary {
  return {
    id: text.fileId,
    name: text.name,
    artifact: redacted.artifact,
    size: text.size,
    lines: text.lines,
    entries: text.entries,
    encoding: text.encoding,
    compression: text.compression,
    truncated: text.truncated,
    firstTimestamp: isoOrNull(text.firstTime),
    lastTimestamp: isoOrNull(text.lastTime),
    levels: text.levels,
    redactions: redacted.kinds,
  }
}

function totals(files: readonly FileSummary[], templates: number, uploaded: number): Totals {
  const levels = noLevels()
  const redactions: Record<string, number> = {}
  for (const file of files) {
    for (const level of LEVELS) levels[level] += file.levels[level]
    for (const [kind, count] of Object.entries(file.redactions))
      redactions[kind] = (redactions[kind] ?? 0) + count
  }
  const sum = (of: (file: FileSummary) => number) => files.reduce((total, file) => total + of(file), 0)
  return {
    files: files.length,
    bytes: uploaded,
    lines: sum(file => file.lines),
    entries: sum(file => file.entries),
    templates,
    levels,
    redactions,
  }
}
