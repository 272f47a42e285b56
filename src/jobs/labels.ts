/**
 * What jobs are found by, besides their status: a value of their metadata, or their owner. Each is an index of its own,
 * kept by the scripts that make and delete a job.
 */
import type { JsonObject } from '../pipelines/pipeline.ts'

/** Of a job: more of its metadata is kept, and shown, but not found by an exact value. */
export const MOST_LABELS = 20
/** Characters of a value; longer ones are nothing that anybody asks for by heart. */
export const LONGEST_LABEL = 256

/** `with:<key>:<value>`; the key is escaped, so that no value can be taken for a part of it. */
export function metadataLabel(key: string, value: string): string {
  return `with:${encodeURIComponent(key.toWellFormed())}:${value}`
}

export function ownerLabel(owner: string): string {
  return `of:${owner}`
}

/** A metadata value as one asks for it: a text as it is, a number or truth value as JSON has it; null for all else. */
export function askedValue(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** Whether a value can be asked for by its index. */
export function isIndexed(key: string, value: string): boolean {
  return key.length <= LONGEST_LABEL && value.length <= LONGEST_LABEL
}

export function labelsOf(metadata: JsonObject, owner: string): string[] {
  const pairs = Object.entries(metadata).flatMap(([key, value]) => {
    const asked = askedValue(value)
    return asked !== null && isIndexed(key, asked) ? [metadataLabel(key, asked)] : []
  })
  return [ownerLabel(owner), ...pairs.slice(0, MOST_LABELS)]
}
