/** The inside of the thread that hashes: follows files as they grow. */
import { createHash, type Hash } from 'node:crypto'
import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'

export type HashRequest = { readonly id: number } & (
  | { readonly open: string }
  /** So many bytes can be read. */
  | { readonly reached: number }
  /** That is all of it. */
  | { readonly end: number }
  | { readonly abandon: true }
)

export type HashAnswer = { readonly id: number } & ({ readonly sha256: string } | { readonly failed: string })

interface Followed {
  readonly fd: number
  readonly hash: Hash
  read: number
}

/** What stays in the processor's caches. */
const buffer = Buffer.allocUnsafe(64 * 1024)
const followed = new Map<number, Followed>()
const answer = (message: HashAnswer) => parentPort!.postMessage(message)

parentPort!.on('message', (request: HashRequest) => {
  try {
    heed(request)
  } catch (error) {
    drop(request.id)
    answer({ id: request.id, failed: (error as Error).message })
  }
})

function heed(request: HashRequest): void {
  const { id } = request
  if ('open' in request) {
    followed.set(id, { fd: fs.openSync(request.open, 'r'), hash: createHash('sha256'), read: 0 })
    return
  }
  const file = followed.get(id)
  // It failed before, and that was told.
  if (!file) return
  if ('abandon' in request) {
    drop(id)
    return
  }
  follow(file, 'end' in request ? request.end : request.reached)
  if (!('end' in request)) return
  drop(id)
  answer({ id, sha256: file.hash.digest('hex') })
}

function follow(file: Followed, end: number): void {
  while (file.read < end) {
    const read = fs.readSync(file.fd, buffer, 0, Math.min(buffer.length, end - file.read), file.read)
    if (read === 0) throw new Error('the file is shorter than what was written to it')
    file.hash.update(read === buffer.length ? buffer : buffer.subarray(0, read))
    file.read += read
  }
}

function drop(id: number): void {
  const file = followed.get(id)
  if (!file) return
  followed.delete(id)
  fs.closeSync(file.fd)
}
