/** Names of files: the client's own words, but only as the name of one file that any system and any log can show. */

/** Bytes in UTF-8: what common file systems hold. */
const LONGEST = 255

/**
 * The base name, without control and bidirectional characters, cut at a character's boundary.
 * @returns null where nothing is left that names a file.
 */
export function cleanFileName(given: string): string | null {
  const base = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1)
  // Cc: control characters. Cs: halves of surrogate pairs. The rest turns text around, or hides in it (line and
  // paragraph separators, the byte order mark, tags of Unicode's plane 14).
  const visible = base.replace(
    /[\p{Cc}\p{Cs}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu,
    '',
  )
  const name = cut(visible.trim())
  return name === '' || name === '.' || name === '..' ? null : name
}

function cut(name: string): string {
  const bytes = Buffer.from(name)
  if (bytes.length <= LONGEST) return name
  let end = LONGEST
  // 10xxxxxx: in the middle of a character.
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
