/** Where a member is in its archive, as a name that anyone may be shown: relative, forward, and not endless. */
import { basename } from 'node:path/posix'
import { cleanName } from '../../../file-name.ts'

/** Bytes in UTF-8. Ten thousand of them are kept in a job's record and told in its events. */
const LONGEST = 512
/** Characters; a tar may have names of a mebibyte. */
const MOST_LOOKED_AT = 4096
const DRIVE = /^[A-Za-z]:$/

/**
 * @param inside the path of the archive that it is in; null for the uploaded file itself.
 * @returns folders parted by `/`, without `.` and `..`. Of a path that is too long the last folders are left.
 */
export function memberPath(inside: string | null, given: string): string {
  const segments = given
    .slice(-MOST_LOOKED_AT)
    .split(/[/\\]/)
    .map(cleanName)
    .filter(segment => segment !== null)
  if (DRIVE.test(segments[0] ?? '')) segments.shift()
  if (segments.length === 0) segments.push('unnamed')
  if (inside !== null) segments.unshift(...inside.split('/'))
  const kept: string[] = []
  let bytes = -1
  for (const segment of segments.reverse()) {
    bytes += Buffer.byteLength(segment) + 1
    if (bytes > LONGEST) break
    kept.unshift(segment)
  }
  return kept.join('/')
}

/** What macOS adds to an archive for itself: nobody's log. */
export function isOfMacOs(path: string): boolean {
  const name = basename(path)
  return name.startsWith('._') || name === '.DS_Store' || path.split('/').includes('__MACOSX')
}
