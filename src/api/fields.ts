/** Schemas of what comes as text: query parameters and form fields. Wrong texts are refused, never bent into shape. */
import { z } from 'zod'

/** A whole number; as JSON Schema an integer. Give it a `prefault`: a `default` the document would not tell. */
export function wholeNumber(least: number, most: number) {
  return z.preprocess(
    text => (typeof text === 'string' && /^[+-]?\d{1,15}$/.test(text) ? Number(text) : text),
    z.number(`a whole number from ${least} to ${most} is wanted`).int().min(least).max(most),
  )
}

/** A parameter or field that may be given several times, or not at all. */
export function repeatable<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    value => (value === undefined ? [] : Array.isArray(value) ? value : [value]),
    z.array(schema),
  )
}

/** An RFC 3339 time; milliseconds since 1970. */
export const timeText = z.iso
  .datetime({ offset: true, error: 'an RFC 3339 time is wanted, such as 2026-01-31T12:00:00Z' })
  .transform(text => Date.parse(text))

/** 64 hex digits, in lower case from here on. */
export const sha256Text = z
  .string()
  .regex(/^[0-9A-Fa-f]{64}$/, '64 hex digits are wanted')
  .transform(text => text.toLowerCase())
