/** Whether a bucket can be written, read and removed from: what is asked before a service calls itself ready. */
import type { Bucket } from './s3-bucket.ts'
import { StorageError } from './storage.ts'

/** An S3 that takes longer for one byte is as good as gone. */
const LONGEST_MS = 4_000

/** @returns the check, which rejects with a StorageError. */
export function createS3Check(bucket: Bucket, limit = LONGEST_MS): () => Promise<void> {
  // Those who ask meanwhile share it: each costs three requests.
  let running: Promise<void> | null = null

  // One byte that stays, under a name that all processes share: a process that dies leaves nothing more. That
  // something could be removed is seen on what is not there.
  const writeReadRemove = async (): Promise<void> => {
    const sending = { abortSignal: AbortSignal.timeout(limit) }
    const path = bucket.probePath('check')
    try {
      await bucket.write(path, '.', sending)
      if ((await bucket.read(path, sending)) !== '.')
        throw new StorageError('unavailable', 'The storage gave back another byte than was written.')
      await bucket.remove(bucket.probePath('nothing'), sending)
    } catch (error) {
      if (!sending.abortSignal.aborted) throw error
      throw new StorageError('unavailable', `The storage did not write and read one byte within ${limit} ms.`)
    } finally {
      running = null
    }
  }

  return () => {
    running ??= writeReadRemove()
    return running
  }
}
