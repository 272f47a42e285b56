/** Which files are let in, by what they are (`SLUICE_ALLOWED_TYPES`). */
import { sniffType } from './sniff.ts'

export type Admission =
  /** The type that the file is let in as. */
  { readonly admitted: true; readonly type: string } | { readonly admitted: false; readonly found: string }

/**
 * Content tells a text from what is none, but not one kind of text from another: which text it is, is the client's word.
 * So a declared type never lets in what is no text, and a text whose declared kind is not on the list is still let in
 * as the `text/plain` that it is beyond doubt, if that is on it.
 *
 * @param head as `sniffType` wants it. @param allowed media types, `image/*` among them; null lets in any.
 */
export async function admit(
  head: Uint8Array,
  declared: string,
  allowed: readonly string[] | null,
): Promise<Admission> {
  const found = await sniffType(head, declared)
  if (allowed === null || isListed(found, allowed)) return { admitted: true, type: found }
  const proven = await sniffType(head, 'text/plain')
  return isListed(proven, allowed) ? { admitted: true, type: proven } : { admitted: false, found }
}

function isListed(type: string, allowed: readonly string[]): boolean {
  const family = `${type.split('/', 1)[0]}/*`
  return allowed.includes(type) || allowed.includes(family)
}
