/**
 * Keeps a large upload from piling up garbage. Each chunk from a socket is a buffer of 64 KiB outside V8's heap, dead as
 * soon as it is written. V8 counts these bytes as old ones, and begins to mark the whole heap whenever they exceed what
 * it has set aside for growth (a few MiB, once it has settled), which doubles the upload's processor time. A collection
 * of the young generation takes a quarter of a millisecond and frees them all; asked for in time, there is nothing to
 * mark: up to twice as fast, and the process hardly grows. A smaller young generation would do the same, at the cost of
 * all small requests.
 */
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes received. Between two looks comes about as much at full speed; five times as much was too late. */
const EACH = 2 * 2 ** 20
const LOOK_MS = 2

const uploads = new Map<Socket, number>()
let timer: NodeJS.Timeout | undefined
let collector: ((options: { type: 'minor' }) => void) | undefined

function collect(): void {
  if (!collector) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('gc') as NonNullable<typeof collector>
  }
  collector({ type: 'minor' })
}

function look(): void {
  let received = 0
  for (const [socket, before] of uploads) received += socket.bytesRead - before
  if (received < EACH) return
  for (const socket of uploads.keys()) uploads.set(socket, socket.bytesRead)
  collect()
}

/** @returns what ends it. */
export function sweepBuffersOf(socket: Socket): () => void {
  uploads.set(socket, socket.bytesRead)
  timer ??= setInterval(look, LOOK_MS).unref()
  return () => {
    uploads.delete(socket)
    if (uploads.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
