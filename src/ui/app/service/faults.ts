/** What the API found wrong with a form, told at its fields. */
import { Refusal } from './call.ts'

export interface Faults {
  /** By the name of the field: a sentence. */
  readonly at: Readonly<Record<string, string>>
  /** What is no field's fault; null where there is none. */
  readonly rest: unknown
}

/** @param codes fields by the codes of problems that are theirs, and name no field */
export function faultsOf(error: unknown, codes: Readonly<Record<string, string>> = {}): Faults {
  if (!(error instanceof Refusal)) return { at: {}, rest: error }
  const field = codes[error.code]
  if (field !== undefined) return { at: { [field]: error.message }, rest: null }
  const at = Object.fromEntries(
    error.errors.flatMap(({ pointer, message }) => {
      const [, name] = pointer?.split('/') ?? []
      return name ? [[name, sentence(message)]] : []
    }),
  )
  return { at, rest: Object.keys(at).length > 0 ? null : error }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`
}
