/**
 * The built-in pipeline: log files in; redacted logs, and a report that anyone may read, out.
 *
 * Each stage streams: none holds more of a file than a chunk, a line's piece and what it counts. Everything after
 * redaction sees redacted text only. What one stage leaves for the next is in `handover.ts`.
 */
import type { Pipeline } from '../pipeline.ts'
import { analysis } from './analysis.ts'
import { ingestion } from './ingestion.ts'
import { redaction } from './redaction.ts'
import { report } from './report.ts'

const inThread = { weight: 1, runs: 'thread', module: import.meta.url } as const

export const logAnalysis: Pipeline = {
  name: 'log-analysis',
  description: 'Redacts log files, finds what they have to say, and writes a report that anyone may read.',
  stages: [
    { name: 'ingestion', ...inThread, run: ingestion },
    { name: 'redaction', ...inThread, run: redaction },
    { name: 'analysis', ...inThread, run: analysis },
    { name: 'report', ...inThread, run: report },
  ],
}
