/**
 * Adds bytes to an object that comes in several goes. What is written stays, whatever ends it: the next go begins where
 * the file ends.
 *
 * Each write has its position: a process that stood still in the middle of one, and was thought dead, writes the same
 * bytes to the same place when it wakes.
 */
import fs from 'node:fs'
import { after } from './chunks.ts'
import { type Disk, translated } from './disk.ts'
import { InterruptibleSource, type Source } from './interruptible.ts'

/** Bytes that are written in one go, while the next ones come. */
const BATCH = 256 * 1024
const ASK_EVERY = 64 * 1024 * 1024

export interface AppendOptions {
  readonly file: string
  /** Bytes that the file has. */
  readonly at: number
  readonly source: Source
  readonly signal: AbortSignal | undefined
  /** Called behind the last byte; throws where they are not what they should be. */
  readonly verify: (() => void) | undefined
  readonly disk: Pick<Disk, 'writeAt' | 'syncData'>
  /** Asked before the first byte, and again every 64 MiB; rejects where nothing more may be written. */
  readonly requireRoom: (begins: boolean) => Promise<void>
}

/** @returns the file's length. @throws the source's own error, the signal's reason, or a StorageError. */
export async function appendTo(options: AppendOptions): Promise<number> {
  const { file, at, disk, signal, requireRoom } = options
  const source = new InterruptibleSource(options.source)
  const abort = () => source.interrupt(signal?.reason)
  signal?.addEventListener('abort', abort)
  try {
    if (signal?.aborted) abort()
    await requireRoom(true)
    const { O_RDWR, O_CREAT } = fs.constants
    const fd = await translated('open an object', () => fs.openSync(file, O_RDWR | O_CREAT))
    try {
      const reached = await write({ fd, at, source, disk, requireRoom })
      options.verify?.()
      return reached
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    source.abandon()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

async function write(options: {
  readonly fd: number
  readonly at: number
  readonly source: InterruptibleSource
  readonly disk: AppendOptions['disk']
  readonly requireRoom: AppendOptions['requireRoom']
}): Promise<number> {
  const { fd, source, disk, requireRoom } = options
  let written = options.at
  let askAt = options.at + ASK_EVERY
  let held: Uint8Array[] = []
  let heldBytes = 0
  let writing: Promise<void> = Promise.resolve()

  const writeHeld = async (): Promise<void> => {
    let rest = held
    held = []
    heldBytes = 0
    while (rest.length > 0) {
      const count = await disk.writeAt(fd, rest, written)
      written += count
      rest = after(rest, count)
    }
    if (written < askAt) return
    askAt = written + ASK_EVERY
    await requireRoom(false)
  }

  let ended: { error: unknown } | null = null
  try {
    for (let read = await source.next(); !read.done; read = await source.next()) {
      held.push(read.value)
      heldBytes += read.value.byteLength
      if (heldBytes < BATCH) continue
      await writing
      writing = writeHeld()
      // It may fail while the source gives nothing for a long time.
      writing.catch(error => source.interrupt(error))
    }
  } catch (error) {
    ended = { error }
  }
  await translated('write an object', async () => {
    // Also behind a client that was cut off: what has come need not come again.
    await writing
    await writeHeld()
    await disk.syncData(fd)
  })
  if (ended) throw ended.error
  return written
}
