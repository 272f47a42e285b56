/** The SHA-256 of an object while it is being written. */
import { createHash } from 'node:crypto'

export interface RunningHash {
  /** Chunks that are on their way to the file; they do not change any more. */
  take(chunks: readonly Uint8Array[]): void
  /** So many bytes are in the file now. */
  reached(bytes: number): void
  /** In hex, of everything that was taken and is in the file. @throws StorageError where it could not be read back. */
  digest(): Promise<string>
  /** Nobody asks for it any more. */
  abandon(): void
}

/** @param file that the object is written to; it is there. */
export type OpenHash = (file: string) => RunningHash

/** On the calling thread, from the chunks as they come. */
export const hashHere: OpenHash = () => {
  const hash = createHash('sha256')
  return {
    take: chunks => {
      for (const chunk of chunks) hash.update(chunk)
    },
    reached: () => {},
    digest: async () => hash.digest('hex'),
    abandon: () => {},
  }
}
