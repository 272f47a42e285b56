/**
 * Where an artifact's bytes are: in an object of its own, or, of a small one, in what its stage leaves in the job's
 * record. Making a file of a few hundred bytes, syncing it and its folder, and reading it back cost a worker a fifth of
 * the time that a small job takes; in the record they are as durable as everything else that is told of the job.
 */
import { Readable } from 'node:stream'
import { InterruptibleSource } from '../storage/interruptible.ts'
import type { ByteRange, Storage } from '../storage/storage.ts'
import type { Artifact } from './pipeline.ts'

export type StoredArtifact = Artifact & (InStorage | InRecord)

interface InStorage {
  readonly key: string
}

interface InRecord {
  /** Its bytes in base64. */
  readonly content: string
}

/** Bytes of artifacts that one stage may leave in the record, all together: records are read and copied whole. */
export const RECORD_BYTES = 512

/** @throws StorageError */
export async function openArtifact(
  storage: Pick<Storage, 'open'>,
  artifact: InStorage | InRecord,
  range?: ByteRange,
): Promise<Readable> {
  if ('key' in artifact) return storage.open(artifact.key, range)
  const bytes = Buffer.from(artifact.content, 'base64')
  const part = range ? bytes.subarray(range.start, range.end + 1) : bytes
  return Readable.from(part.length > 0 ? [part] : [], { objectMode: false })
}

/** The keys of those that storage has. */
export function keysOf(artifacts: readonly StoredArtifact[]): string[] {
  return artifacts.flatMap(artifact => ('key' in artifact ? [artifact.key] : []))
}

/**
 * All of a source that ends within so many bytes; otherwise a source that gives the same, held bytes first.
 *
 * @throws the source's own error, or the signal's reason at once when it aborts; the source is left then.
 */
export async function holdSmall(
  source: AsyncGenerator<Uint8Array>,
  most: number,
  signal: AbortSignal,
): Promise<Buffer | AsyncIterable<Uint8Array>> {
  const held: Uint8Array[] = []
  let bytes = 0
  const reading = new InterruptibleSource(source)
  const stop = () => reading.interrupt(signal.reason)
  signal.addEventListener('abort', stop)
  try {
    while (bytes <= most) {
      signal.throwIfAborted()
      const { done, value } = await reading.next()
      if (done) return Buffer.concat(held, bytes)
      held.push(value)
      bytes += value.byteLength
    }
    return continued(held, source)
  } catch (error) {
    reading.abandon()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** No generator: one that is left before it is read would not leave what it reads from, which has begun. */
function continued(held: Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      const value = held.shift()
      return value ? { value } : rest.next()
    },
    return: async () => rest.return(undefined),
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
