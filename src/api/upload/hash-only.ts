/** In the place of a storage, for an upload that is taken already: its files are hashed and counted, and not kept. */
import { createHash } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import type { Storage } from '../../storage/storage.ts'

export const hashOnly: Pick<Storage, 'put' | 'removeAll'> = {
  async put(key, source, { signal } = {}) {
    const hash = createHash('sha256')
    let size = 0
    try {
      // Stalled, it would be waited for, for ever.
      for await (const chunk of signal ? addAbortSignal(signal, source as Readable) : source) {
        hash.update(chunk as Uint8Array)
        size += (chunk as Uint8Array).length
      }
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
    return { key, size, sha256: hash.digest('hex'), etag: '' }
  },
  async removeAll() {},
}
