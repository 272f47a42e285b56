/** Every pipeline that a job may ask for, by name. */
import { inspect } from './inspect.ts'
import { logAnalysis } from './log-analysis/log-analysis.ts'
import type { Pipeline } from './pipeline.ts'

export const pipelines: ReadonlyMap<string, Pipeline> = new Map(
  [logAnalysis, inspect].map(pipeline => [pipeline.name, pipeline]),
)
