/** `Upload-Checksum`: what the client says of the bytes of one request. */
import { createHash, type Hash } from 'node:crypto'
import { invalid, Problem } from '../problems.ts'

export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256'] as const

export interface Checksum {
  /** Passes the bytes on, and looks at them. */
  through(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** That have passed. */
  bytes(): number
  /** Of what has passed. @throws Problem `checksum-mismatch` */
  verify(): void
}

/** @returns null where none was promised. @throws Problem where it cannot be read. */
export function parseChecksum(header: string | undefined): Checksum | null {
  if (header === undefined) return null
  const [, algorithm = '', base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header.trim()) ?? []
  const wrong = (message: string) => invalid({ parameter: 'Upload-Checksum', message })
  if (!base64) throw wrong('an algorithm and, behind a space, the digest in base64 are wanted')
  if (!CHECKSUM_ALGORITHMS.some(known => known === algorithm)) {
    throw wrong(`the algorithms are ${CHECKSUM_ALGORITHMS.join(' and ')}`)
  }
  const promised = Buffer.from(base64, 'base64')
  const hash: Hash = createHash(algorithm)
  let bytes = 0
  return {
    bytes: () => bytes,
    async *through(source) {
      for await (const chunk of source) {
        hash.update(chunk)
        bytes += chunk.byteLength
        yield chunk
      }
    },
    verify() {
      const digest = hash.digest()
      if (digest.equals(promised)) return
      throw new Problem(
        'checksum-mismatch',
        `The bytes of this request have the ${algorithm} ${digest.toString('base64')}, and were not kept.`,
        // The protocol's own, which no other has.
        { status: 460 },
      )
    },
  }
}
