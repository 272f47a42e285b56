/** How many uploads one process takes at once: each holds a connection, an open file and up to half a MiB of memory. */
import { Problem } from '../problems.ts'

/** Seconds after which one who found no place may try again: uploads end all the time, but none at a known moment. */
const RETRY_AFTER = '5'

export interface Uploads {
  /**
   * Takes a place, before anything else is done for the upload.
   *
   * @returns what gives it back; calling that again changes nothing.
   * @throws Problem `too-many-uploads` where all places are taken.
   */
  enter(): () => void
  /** Under way at the moment. */
  count(): number
}

export function createUploads(most: number): Uploads {
  const inside = new Set<symbol>()
  return {
    enter() {
      if (inside.size >= most) {
        throw new Problem(
          'too-many-uploads',
          `${most} uploads are under way, which is all that the service takes at once (SLUICE_MAX_UPLOADS). Try again soon.`,
          { headers: { 'retry-after': RETRY_AFTER } },
        )
      }
      const place = Symbol()
      inside.add(place)
      return () => void inside.delete(place)
    },
    count: () => inside.size,
  }
}
