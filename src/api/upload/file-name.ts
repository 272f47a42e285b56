/** Names of uploaded files: the client's own words, but only as the name of one file. */
import { cleanName } from '../../pipelines/file-name.ts'

/**
 * The base name, cleaned.
 * @returns null where nothing is left that names a file.
 */
export function cleanFileName(given: string): string | null {
  return cleanName(given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1))
}
