/**
 * Whether a server refuses by itself to write over an object. Many do not know `If-None-Match` on a write, and say
 * nothing: so it is tried, once a process, on an object made for that.
 */
import type { Bucket } from './s3-bucket.ts'

export function createConditionalWrites(bucket: Bucket): () => Promise<boolean> {
  let known: Promise<boolean> | null = null

  const find = async (): Promise<boolean> => {
    const path = bucket.probePath('conditional-write')
    // The second time it is there for certain; most often it is the first time.
    const written = async () => bucket.writeIfAbsent(path, 'Written only where there is nothing yet.')
    return !(await written()) || !(await written())
  }

  return () => {
    if (!known) {
      const asked = find()
      known = asked
      // Who asks next tries again.
      asked.catch(() => {
        known = null
      })
    }
    return known
  }
}
