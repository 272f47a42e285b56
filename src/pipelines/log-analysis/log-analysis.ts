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

export const logAnalysis: Pipeline = {
  name: 'log-analysis',
  description: 'Redacts log files, finds what they have to say, and writes a report that anyone may read.',
  stages: [
    { name: 'ingestion', weight: 1, runs: 'thread', run: ingestion },
    { name: 'redaction', weight: 1, runs: 'thread', run: redaction },
    { name: 'analysis', weight: 1, runs: 'thread', run: analysis },
    { name: 'report', weight: 1, runs: 'thread', run: report },
  ],
}
