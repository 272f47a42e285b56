/** The shape of `report.json`, as the HTTP contract promises it. Times are ISO 8601 in UTC, or null. */
import type { Level, LevelCounts } from './levels.ts'

export interface ReportJson {
  readonly pipeline: 'log-analysis'
  readonly generatedAt: string
  readonly totals: Totals
  readonly files: readonly FileSummary[]
  readonly templates: readonly Template[]
  readonly timeline: Timeline
  readonly findings: readonly Finding[]
}

export interface Totals {
  /** Texts: of an archive each member counts, and not the archive. */
  readonly files: number
  /** As uploaded. */
  readonly bytes: number
  readonly lines: number
  readonly entries: number
  readonly templates: number
  readonly levels: LevelCounts
  readonly redactions: Record<string, number>
}

export interface FileSummary {
  /** The uploaded file's: members of an archive share it. */
  readonly id: string
  /** Of a member the archive's name, and the path within: `bundle.zip/logs/app.log`. */
  readonly name: string
  /** The redacted text's: `redacted/app.log`. */
  readonly artifact: string
  /** Bytes as uploaded; of a member, as it was put into its archive. */
  readonly size: number
  readonly lines: number
  readonly entries: number
  readonly encoding: string
  readonly compression: string | null
  readonly truncated: boolean
  readonly firstTimestamp: string | null
  readonly lastTimestamp: string | null
  readonly levels: LevelCounts
  readonly redactions: Record<string, number>
}

export interface Template {
  readonly id: string
  readonly template: string
  readonly count: number
  /** The gravest level that an entry of it had. */
  readonly level: Level
  /**
   * Where its first and its last entry are, in the files' order; lines count from 1. Two files may have one name:
   * which of them it is, the redacted text tells.
   */
  readonly firstFile: string
  readonly firstArtifact: string
  readonly firstLine: number
  readonly lastFile: string
  readonly lastArtifact: string
  readonly lastLine: number
  readonly firstTimestamp: string | null
  readonly lastTimestamp: string | null
  /** The first entry's first line. */
  readonly example: string
}

export interface Timeline {
  readonly bucketSeconds: number
  /** Without gaps, from the first entry's bucket to the last one's; empty where no entry tells a time. */
  readonly buckets: readonly Bucket[]
}

export interface Bucket {
  readonly at: string
  readonly entries: number
  readonly errors: number
  readonly warnings: number
}

export type FindingKind = 'exception' | 'error-burst' | 'first-seen' | 'gap' | 'restart' | 'secret-exposed'

export interface Finding {
  readonly kind: FindingKind
  readonly severity: 'high' | 'medium' | 'low'
  readonly title: string
  readonly detail: string
  readonly templateId: string | null
  readonly file: string
  /** The redacted text that `line` counts in. */
  readonly artifact: string
  readonly line: number
  readonly at: string | null
}
