/** The bytes of an object on their way from an S3 to somebody who reads at his own pace. */
import { Readable } from 'node:stream'
import { asStorageError } from './s3-errors.ts'
import { StorageError } from './storage.ts'

/**
 * Gives `body` on, with its errors translated. Fails when the server sends nothing for `idleMs` although it is waited
 * for; a reader that pauses may do so for as long as he likes.
 */
export function readGuarded(body: Readable, idleMs: number): Readable {
  let waiting: NodeJS.Timeout | null = null
  const rest = () => {
    if (waiting) clearTimeout(waiting)
    waiting = null
  }
  const stream = new Readable({
    read() {
      waiting ??= setTimeout(() => {
        const sentence = `The storage could not read an object: it sent nothing for ${idleMs} ms.`
        stream.destroy(new StorageError('unavailable', sentence))
      }, idleMs)
      body.resume()
    },
    destroy(error, done) {
      rest()
      body.destroy()
      done(error)
    },
  })
  // Whoever begins to read later is told then; an error without a listener ends the process.
  stream.on('error', () => {})
  body.pause()
  body.on('data', (chunk: Buffer) => {
    rest()
    if (!stream.push(chunk)) body.pause()
  })
  body.on('end', () => {
    rest()
    stream.push(null)
  })
  body.on('error', error => stream.destroy(asStorageError(error, 'read an object')))
  return stream
}
