/**
 * Hashes large objects on a thread of their own, beside the one that takes them in, which has enough to do: a third of
 * its time for an upload was SHA-256. The thread reads what was written back from the file, right behind the writer and
 * so from memory; that is simpler than handing chunks over, of which each is still being written, and it hashes what
 * the file holds.
 */
import { Worker } from 'node:worker_threads'
import type { HashAnswer, HashRequest } from './hash-thread.ts'
import type { RunningHash } from './running-hash.ts'
import { StorageError } from './storage.ts'

/** The thread is told of so many bytes at a time. */
const TELL_EVERY = 1024 * 1024

export interface HashBeside {
  open(file: string): RunningHash
  close(): Promise<void>
}

/** The thread starts with the first object, and one is enough for all: it hashes 2 GB a second. */
export function createHashBeside(): HashBeside {
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let opened = 0
  let thread: Worker | null = null

  const failed = (why: string) =>
    new StorageError('unavailable', `The storage could not hash an object: ${why}.`)

  function start(): Worker {
    const started = new Worker(new URL('./hash-thread.ts', import.meta.url))
    started.unref()
    started.on('message', (answer: HashAnswer) => {
      const digest = waiting.get(answer.id)
      if ('sha256' in answer) digest?.resolve(answer.sha256)
      else digest?.reject(failed(answer.failed))
    })
    let reason = 'its thread ended'
    started.on('error', error => {
      reason = error.message
    })
    started.on('exit', () => {
      if (thread === started) thread = null
      for (const digest of waiting.values()) digest.reject(failed(reason))
    })
    return started
  }

  return {
    open(file) {
      thread ??= start()
      const mine = thread
      const say = (request: HashRequest) => mine.postMessage(request)
      const id = ++opened
      const digest = Promise.withResolvers<string>()
      // It is awaited only at the end, and may fail before.
      digest.promise.catch(() => {})
      waiting.set(id, digest)
      let written = 0
      let told = 0
      say({ id, open: file })
      return {
        take: () => {},
        reached(bytes) {
          written = bytes
          if (bytes - told < TELL_EVERY) return
          told = bytes
          say({ id, reached: bytes })
        },
        digest() {
          say({ id, end: written })
          return digest.promise.finally(() => waiting.delete(id))
        },
        abandon() {
          if (waiting.delete(id)) say({ id, abandon: true })
        },
      }
    },
    async close() {
      await thread?.terminate()
    },
  }
}
