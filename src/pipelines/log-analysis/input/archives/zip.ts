/**
 * The files of a zip, in the order of its directory. `yauzl` reads directory and headers; what they say is held against
 * each other and against the bytes, so that no two readers could see different files in an archive that is let through.
 */
import { crc32 } from 'node:zlib'
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader } from 'yauzl'
import { Damaged } from './damaged.ts'
import type { ArchiveEntry, EntryKind } from './entry.ts'
import type { RandomAccess } from './random-access.ts'
import { Regions } from './regions.ts'

/** APPNOTE.TXT 6.3.10, sections 4.4.4 and 4.4.5. */
const STORED = 0
const DEFLATED = 8
const SIZES_FOLLOW = 1 << 3
/** The size is in an extra field. */
const ZIP64 = 0xffffffff
const DIRECTORY_ENTRY = 0x02014b50

/** Unpacks what is deflated; where it breaks off, what it gives does. */
export type Inflate = (deflated: AsyncGenerator<Uint8Array>) => AsyncGenerator<Uint8Array>

/** @throws Damaged where the directory is not whole, or holds more than it says. */
export async function* zipEntries(archive: RandomAccess, inflate: Inflate): AsyncGenerator<ArchiveEntry> {
  const reader = new Reader(archive)
  const zip = await reader.explained(
    fromRandomAccessReaderPromise(reader, archive.size, {
      autoClose: false,
      decodeStrings: false,
      // What is wrong with a member's size is told of that member, when it is read.
      validateEntrySizes: false,
    }),
  )
  const regions = new Regions()
  const directoryAt = Number(zip.readEntryCursor)
  regions.claim(directoryAt, archive.size)
  const entries = zip.eachEntry()
  for (;;) {
    const { done, value: entry } = await reader.explained(entries.next())
    if (done) break
    const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
    const size = entry.uncompressedSize
    yield { name, kind: kindOf(entry, name), size, open: () => content(entry) }
  }
  const next = await archive.read(Number(zip.readEntryCursor), 4)
  if (next.length === 4 && next.readUInt32LE() === DIRECTORY_ENTRY)
    throw new Damaged('has a directory that holds more members than it says')

  async function* content(entry: Entry): AsyncGenerator<Uint8Array> {
    if (entry.isEncrypted()) throw new Damaged('is encrypted')
    const method = entry.compressionMethod
    if (method !== STORED && method !== DEFLATED)
      throw new Damaged(`is compressed by method ${method}, and only 0 (stored) and 8 (deflated) are read`)
    const header = await reader.explained(zip.readLocalFileHeaderPromise(entry))
    const says = (local: number, central: number) => local === central || local === ZIP64
    const sizesAgree =
      (header.generalPurposeBitFlag & SIZES_FOLLOW) !== 0 ||
      (says(header.compressedSize, entry.compressedSize) &&
        says(header.uncompressedSize, entry.uncompressedSize) &&
        header.crc32 === entry.crc32)
    if (!header.fileName.equals(entry.fileNameRaw) || header.compressionMethod !== method || !sizesAgree)
      throw new Damaged('is another file by the directory of its archive than by its own header')
    const start = header.fileDataStart
    if (!regions.claim(entry.relativeOffsetOfLocalHeader, start + entry.compressedSize))
      throw new Damaged('shares bytes with another member or the directory')
    const packed = archive.stream(start, entry.compressedSize)
    yield* checked(method === DEFLATED ? inflate(packed) : packed, entry)
  }
}

async function* checked(
  source: AsyncGenerator<Uint8Array>,
  { uncompressedSize, crc32: promised }: Entry,
): AsyncGenerator<Uint8Array> {
  let size = 0
  let sum = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > uncompressedSize) throw new Damaged('is longer than its archive says')
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (size < uncompressedSize) throw new Damaged('breaks off')
  if (sum !== promised) throw new Damaged('does not have the check sum that its archive says')
}

/** The upper half of the attributes is that of a Unix file, where one made the archive. */
function kindOf({ versionMadeBy, externalFileAttributes }: Entry, name: string): EntryKind {
  if (name.endsWith('/')) return 'directory'
  const system = versionMadeBy >>> 8
  if (system !== UNIX && system !== DARWIN) return 'file'
  switch ((externalFileAttributes >>> 16) & 0o170000) {
    case 0:
    case 0o100000:
      return 'file'
    case 0o040000:
      return 'directory'
    case 0o120000:
      return 'link'
    default:
      return 'device'
  }
}

const UNIX = 3
const DARWIN = 19

/** Gives `yauzl` what it wants to read, and tells storage's failures from those of the archive. */
class Reader extends RandomAccessReader {
  readonly #archive: RandomAccess
  #failure: { error: unknown } | null = null
  /** Of a callback that throws nobody would hear, and its work would never end. */
  readonly #thrown = Promise.withResolvers<never>()

  constructor(archive: RandomAccess) {
    super()
    this.#archive = archive
    // Met by `explained`; between two of its calls it must not count as unhandled.
    this.#thrown.promise.catch(() => {})
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#archive
      .read(position, length)
      .then(
        bytes => callback(null, bytes.copy(buffer, offset)),
        error => {
          this.#failure = { error }
          callback(error)
        },
      )
      .catch(this.#thrown.reject)
  }

  /** @throws what reading failed with; else Damaged for whatever `yauzl` finds wrong. */
  async explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#thrown.promise])
    } catch (cause) {
      if (this.#failure) throw this.#failure.error
      throw new Damaged('has a directory that is damaged or encrypted, or does not say what is there', {
        cause,
      })
    }
  }
}
