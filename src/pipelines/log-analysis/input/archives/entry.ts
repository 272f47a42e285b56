/** What the readers of archives agree on. */

/** Only a file is read. */
export type EntryKind = 'file' | 'directory' | 'link' | 'device' | 'unknown'

export interface ArchiveEntry {
  /** As the archive has it: a path of any form, with any character. */
  readonly name: string
  readonly kind: EntryKind
  /** Bytes of the file as it was put into the archive. */
  readonly size: number
  /**
   * To be read before the next entry is asked for, once or not at all.
   * @throws Damaged from the stream, where it is not what the archive says.
   */
  open(): AsyncGenerator<Uint8Array>
}
