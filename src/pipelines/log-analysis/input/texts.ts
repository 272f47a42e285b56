/**
 * The texts of an uploaded file: itself, or the members of the archive that it is, and of those within it. Every layer
 * is looked at anew, so a gzip in a tar in a zip is found whatever it is called.
 */

import { Damaged } from './archives/damaged.ts'
import type { ArchiveEntry, EntryKind } from './archives/entry.ts'
import { isOfMacOs, memberPath } from './archives/member-path.ts'
import { type ByteSource, RandomAccess } from './archives/random-access.ts'
import { tarEntries } from './archives/tar.ts'
import { zipEntries } from './archives/zip.ts'
import { type Archive, archiveOf, type Compression, compressionOf, MAGIC_BYTES } from './compression.ts'
import { NotText } from './encoding.ts'
import { Budget, LimitExceeded, type UnpackLimits } from './limits.ts'
import { passing } from './passing.ts'
import { peek } from './peek.ts'
import { type Packing, type UnpackOutcome, unpacked } from './unpack.ts'

export interface PackedText {
  /** Where it is in the upload; null where it is the upload itself. */
  readonly path: string | null
  /** Bytes as uploaded, or as they were put into the archive. */
  readonly size: number
  /** Its own, from the outermost in; not those of the archive that it is in. */
  readonly layers: readonly Compression[]
  readonly bytes: AsyncGenerator<Uint8Array>
  /** Filled in when `bytes` has ended. */
  readonly outcome: Readonly<UnpackOutcome>
}

export interface UploadedBytes extends ByteSource {
  /** From beginning to end. */
  whole(): AsyncGenerator<Uint8Array>
  /** Keeps what came out of a layer, where it has to be read from any place. */
  spool(bytes: AsyncIterable<Uint8Array>): Promise<ByteSource>
}

/** What an archive holds beside files and folders, and how often. */
export type PassedOver = Partial<Record<Exclude<EntryKind, 'file' | 'directory'> | 'macOS', number>>

/** Where in an upload something was refused. */
export class AtMember extends Error {
  override readonly name = 'AtMember'
  /** Null for the upload itself. */
  readonly path: string | null
  /** The last member before, where the archive itself is at fault. */
  readonly after: string | null
  override readonly cause: Refusal

  constructor(path: string | null, after: string | null, cause: Refusal) {
    super(cause.message, { cause })
    this.path = path
    this.after = after
    this.cause = cause
  }
}

type Refusal = NotText | LimitExceeded | Damaged

/**
 * Calls `visit` for each text, one after another, in the order of their archives; it must read the bytes to their end
 * or throw.
 *
 * @throws AtMember, also for what `visit` throws of these; the source's and `visit`'s other errors, unchanged.
 */
export async function eachText(
  upload: UploadedBytes,
  limits: UnpackLimits,
  visit: (text: PackedText) => Promise<void>,
): Promise<PassedOver> {
  const walk = new Walk(upload, new Budget(limits, upload.size), visit)
  await walk.file({ path: null, size: upload.size, depth: 0 }, upload.whole())
  if (walk.texts === 0) throw new AtMember(null, null, new NotText('holds no file'))
  return walk.passedOver
}

interface Place {
  readonly path: string | null
  readonly size: number
  /** Layers around it. */
  readonly depth: number
}

class Walk {
  readonly #upload: UploadedBytes
  readonly #budget: Budget
  readonly #visit: (text: PackedText) => Promise<void>
  readonly passedOver: PassedOver = {}
  texts = 0

  constructor(upload: UploadedBytes, budget: Budget, visit: (text: PackedText) => Promise<void>) {
    this.#upload = upload
    this.#budget = budget
    this.#visit = visit
  }

  async file(place: Place, source: AsyncGenerator<Uint8Array>): Promise<void> {
    try {
      await this.#file(place, source)
    } catch (error) {
      throw located(error, place.path)
    }
  }

  async #file(place: Place, source: AsyncGenerator<Uint8Array>): Promise<void> {
    const outcome = { truncated: false }
    const layers: Compression[] = []
    let depth = place.depth
    let bytes = source
    for (;;) {
      const { head, all } = await peek(bytes, MAGIC_BYTES)
      bytes = all
      const compression = compressionOf(head)
      const archive = archiveOf(head)
      if (compression ?? archive) await this.#enter(++depth, bytes)
      if (compression) {
        layers.push(compression)
        bytes = this.#counted(
          this.#unpacked(bytes, compression, { ...place, depth: depth - 1 }, outcome),
          depth,
        )
      } else if (archive) {
        const isUpload = place.path === null && layers.length === 0
        await this.#archive(archive, place.path, depth, bytes, isUpload)
        // Members may be missing, or may not be what they were: half a bundle must not pass for a whole one.
        if (outcome.truncated) throw new Damaged(`is in ${layers.join('+')} that breaks off or is damaged`)
        return
      } else {
        this.texts++
        return this.#visit({ path: place.path, size: place.size, layers, bytes, outcome })
      }
    }
  }

  async #archive(
    archive: Archive,
    path: string | null,
    depth: number,
    bytes: AsyncGenerator<Uint8Array>,
    isUpload: boolean,
  ): Promise<void> {
    let last: string | null = null
    // Where it breaks off, the size is not what it should be.
    const inflate = (deflated: AsyncGenerator<Uint8Array>) =>
      this.#unpacked(deflated, 'deflate', { path: last, depth }, { truncated: false })
    try {
      const entries =
        archive === 'tar'
          ? tarEntries(bytes)
          : zipEntries(new RandomAccess(await this.#source(bytes, isUpload)), inflate)
      for await (const entry of entries) {
        last = memberPath(path, entry.name)
        await this.#entry(entry, last, depth)
      }
    } catch (error) {
      throw located(error, path, last)
    }
  }

  async #entry(entry: ArchiveEntry, path: string, depth: number): Promise<void> {
    try {
      const passedOver = isOfMacOs(path) ? 'macOS' : entry.kind
      if (passedOver !== 'file') {
        this.#budget.other()
        if (passedOver !== 'directory') this.passedOver[passedOver] = (this.passedOver[passedOver] ?? 0) + 1
        return
      }
      this.#budget.member()
    } catch (error) {
      throw located(error, path)
    }
    await this.file({ path, size: entry.size, depth }, this.#counted(entry.open(), depth))
  }

  async #source(bytes: AsyncGenerator<Uint8Array>, isUpload: boolean): Promise<ByteSource> {
    if (!isUpload) return this.#upload.spool(bytes)
    await bytes.return(undefined)
    return this.#upload
  }

  async #enter(depth: number, bytes: AsyncGenerator<Uint8Array>): Promise<void> {
    try {
      this.#budget.enter(depth)
    } catch (error) {
      await bytes.return(undefined)
      throw error
    }
  }

  async *#unpacked(
    source: AsyncGenerator<Uint8Array>,
    packing: Packing,
    { path, depth }: Pick<Place, 'path' | 'depth'>,
    outcome: UnpackOutcome,
  ): AsyncGenerator<Uint8Array> {
    let packed = 0
    let given = 0
    const taken = passing(source, bytes => {
      packed += bytes
    })
    for await (const chunk of unpacked(taken, packing, depth, outcome)) {
      given += chunk.length
      this.#budget.unpacked(path, packed, given)
      yield chunk
    }
  }

  #counted(source: AsyncGenerator<Uint8Array>, depth: number): AsyncGenerator<Uint8Array> {
    return passing(source, bytes => this.#budget.gave(bytes, depth))
  }
}

/** The innermost place counts: it is told first. */
function located(error: unknown, path: string | null, after: string | null = null): unknown {
  const isRefusal = error instanceof NotText || error instanceof LimitExceeded || error instanceof Damaged
  return isRefusal ? new AtMember(path, after, error) : error
}
