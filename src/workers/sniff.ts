/** What a file is, by its first bytes. */
import { isAscii } from 'node:buffer'
import { fileTypeFromBuffer } from 'file-type'
import { encodingOf, NotText } from '../pipelines/log-analysis/input/encoding.ts'

/** As much as file-type wants to see. */
export const SNIFFED_BYTES = 4_100

/** Textual types that no magic number tells from plain text: the client's word is taken, if the content is text. */
const TEXTUAL = /^(text\/[\w.+-]+|application\/(json|x-ndjson|xml|yaml|x-yaml|toml|javascript|sql))$/

/** How formats begin whose magic number is itself text. Not a bitmap's: a log may well begin with "BM". */
const MARKED = /^(?:[%{<!#@]|BEGIN:)/

/**
 * @param head the first `SNIFFED_BYTES` bytes, or all.
 * @param declared the media type that the client gave.
 * @returns the media type of the content.
 */
export async function sniffType(head: Uint8Array, declared: string): Promise<string> {
  if (isText(head)) {
    const beginning = Buffer.from(head.subarray(0, 6)).toString('latin1')
    const type = MARKED.test(beginning) ? (await fileTypeFromBuffer(head))?.mime : undefined
    return type ?? textual(declared)
  }
  const found = (await fileTypeFromBuffer(head))?.mime
  return found ?? (isOtherText(head) ? textual(declared) : 'application/octet-stream')
}

function textual(declared: string): string {
  const named = declared.split(';', 1)[0]!.trim().toLowerCase()
  return TEXTUAL.test(named) ? named : 'text/plain'
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const CONTROL = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/

/** UTF-8 without the control characters that no text has; the last character may be cut. */
function isText(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (CONTROL.test(bytes.toString('latin1'))) return false
  if (isAscii(bytes)) return true
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** UTF-16, as `log-analysis` tells it; or bytes without any such control character, as in Latin-1. */
function isOtherText(head: Uint8Array): boolean {
  try {
    if (encodingOf(head).encoding !== 'bytes') return true
  } catch (error) {
    if (error instanceof NotText) return false
    throw error
  }
  return !CONTROL.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1'))
}
