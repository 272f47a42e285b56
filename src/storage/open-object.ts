/** Reading an object from its file. */
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { asStorageError, hasCode } from './disk.ts'
import { type ByteRange, StorageError } from './storage.ts'

/** Bytes up to which an object is read in one go, on the calling thread. */
const SMALL = 64 * 1024
/**
 * Bytes a read. With 256 KiB each buffer is a mapping of its own, and nothing stays in the processor's caches: whoever
 * reads takes a seventh more time, trips to the thread pool included.
 */
const READ_SIZE = 64 * 1024

/**
 * @param range may reach beyond the object's end; what is there is given.
 * @throws StorageError `not-found` or `unavailable`; RangeError for what is no range.
 */
export function openObject(file: string, key: string, range?: ByteRange): Readable {
  const { start, end } = range ?? { start: 0, end: Number.MAX_SAFE_INTEGER }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`${start}-${end} is not a range of bytes.`)
  }
  let fd: number | null = null
  try {
    fd = fs.openSync(file, 'r')
    const { size } = fs.fstatSync(fd)
    if (size <= SMALL)
      return new SmallObject(readPart(fd, start, Math.max(0, Math.min(end + 1, size) - start)))
    const stream = largeStream(fd, start, end)
    fd = null
    return stream
  } catch (error) {
    if (hasCode(error, 'ENOENT'))
      throw new StorageError('not-found', `There is no object ${key}.`, { cause: error })
    throw asStorageError(error, 'open an object')
  } finally {
    if (fd !== null) fs.closeSync(fd)
  }
}

/**
 * The first bytes of an object, at most so many, on the calling thread.
 *
 * @returns null where there is no file. @throws the operating system's error.
 */
export function peekObject(file: string, bytes: number): { stats: fs.BigIntStats; head: Buffer } | null {
  let fd: number
  try {
    fd = fs.openSync(file, 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
  try {
    const stats = fs.fstatSync(fd, { bigint: true })
    return { stats, head: readPart(fd, 0, Math.min(Number(stats.size), bytes)) }
  } finally {
    fs.closeSync(fd)
  }
}

function readPart(fd: number, start: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let length = 0
  while (length < size) {
    const read = fs.readSync(fd, bytes, length, size - length, start + length)
    if (read === 0) break
    length += read
  }
  return bytes.subarray(0, length)
}

/** Read already. Whoever iterates it gets its bytes past the machinery of a stream, which costs more than reading them. */
class SmallObject extends Readable {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    super()
    this.#bytes = bytes
  }

  override _read(): void {
    if (this.#bytes.length > 0) this.push(this.#bytes)
    this.push(null)
  }

  override async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    // Whoever destroys it with an error meanwhile tells its reader, and nobody else.
    this.on('error', () => {})
    if (this.#bytes.length > 0) yield this.#bytes
    if (this.errored) throw this.errored
  }
}

/** Owns the handle from now on: it is closed at the end, on an error, or when the stream is destroyed. */
function largeStream(fd: number, start: number, end: number): Readable {
  return fs.createReadStream('', { fd, start, end, highWaterMark: READ_SIZE, fs: translating })
}

type ReadDone = (error: unknown, bytesRead: number, buffer: Buffer) => void

const translating = {
  close: fs.close,
  read: (
    fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    done: ReadDone,
  ) =>
    fs.read(fd, buffer, offset, length, position, (error, bytesRead, read) =>
      done(error && asStorageError(error, 'read an object'), bytesRead, read),
    ),
}
