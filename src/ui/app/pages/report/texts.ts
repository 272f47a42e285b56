/**
 * The texts of a report by the names that it calls them. Two uploads may have one name; what tells them apart is the
 * name of the redacted text, which is each one's own.
 */
import type { Report } from '../../contract.ts'
import { viewPath } from '../../places.ts'

/** Where something is: a finding, or an entry of a template. */
export interface Spot {
  readonly file: string
  /** Reports that were written before there was one do not tell it. */
  readonly artifact: string | undefined
  readonly line: number
}

export interface Texts {
  /** The file's own name where it is the only one of that name, else its redacted text's. */
  nameOf(spot: Pick<Spot, 'file' | 'artifact'>): string
  /** In the viewer; null where no text of the report has such a name. */
  hrefOf(spot: Spot): string | null
}

const FOLDER = 'redacted/'

export function textsOf(jobId: string, files: readonly Report.FileSummary[]): Texts {
  const byName = Map.groupBy(files, ({ name }) => name)
  return {
    nameOf({ file, artifact }) {
      if (artifact === undefined || byName.get(file)?.length === 1) return file
      return artifact.startsWith(FOLDER) ? artifact.slice(FOLDER.length) : artifact
    },
    hrefOf({ file, artifact, line }) {
      const text = artifact ?? byName.get(file)?.[0]?.artifact
      return text === undefined ? null : viewPath(jobId, text, line)
    },
  }
}
