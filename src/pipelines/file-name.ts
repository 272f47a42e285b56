/** Names of files, as any system and any log can show them: the client's own words, without what hides in them. */

/** Bytes in UTF-8: what common file systems hold. */
const LONGEST = 255

/**
 * One name, or one segment of a path: without control and bidirectional characters, cut at a character's boundary.
 * What separates segments is the caller's to know.
 *
 * @returns null where nothing is left that names a file.
 */
export function cleanName(given: string): string | null {
  // Cc: control characters. Cs: halves of surrogate pairs. The rest turns text around, or hides in it (line and
  // paragraph separators, the byte order mark, tags of Unicode's plane 14).
  const visible = given.replace(
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
