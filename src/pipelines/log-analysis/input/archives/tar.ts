/**
 * The files of a tar, one after another as they stream by. `tar` reads the headers; what stands between them is counted
 * here, so that nothing is ever held but a block and a header's extension.
 */
import type { Header } from 'tar/header'
import { Pax } from 'tar/pax'
import { ByteReader } from './byte-reader.ts'
import { Damaged } from './damaged.ts'
import type { ArchiveEntry, EntryKind } from './entry.ts'
import { BLOCK, readHeader } from './tar-header.ts'

const EMPTY = Buffer.alloc(BLOCK)

/** Bytes of a long name or a pax header; what is longer is no name. */
const MOST_EXTENSION = 1024 * 1024

/** Whatever size these tell: nothing follows them. */
const HEADER_ONLY: ReadonlySet<string> = new Set([
  'Directory',
  'Link',
  'SymbolicLink',
  'CharacterDevice',
  'BlockDevice',
  'FIFO',
])

/** What stands before a file's own header and overrides it. */
interface Extension {
  path?: string | undefined
  size?: number | undefined
  /** What follows is not the file's bytes, but a table of those that it is made of. */
  sparse?: boolean
}

/**
 * Reads the source to its end: what follows the end of the archive is padding.
 *
 * @throws Damaged for what is no tar, ends before its end, or is only the first of several.
 */
export async function* tarEntries(source: AsyncGenerator<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const reader = new ByteReader(source)
  let shared: Extension = {}
  let own: Extension = {}
  try {
    for (;;) {
      const block = await reader.exactly(BLOCK)
      if (!block) throw new Damaged('breaks off')
      const header = readHeader(block, own.path)
      if (header?.nullBlock) break
      if (!header?.cksumValid) throw new Damaged('has a header whose check sum is wrong')
      const extension = await extensionOf(header, reader)
      if (extension) {
        if (header.type === 'GlobalExtendedHeader') shared = { ...shared, ...extension }
        else own = { ...own, ...extension }
        continue
      }
      const size = own.size ?? shared.size ?? header.size
      if (size === undefined || !Number.isSafeInteger(size)) throw new Damaged('has a file of no size')
      const content = reader.part(HEADER_ONLY.has(header.type) ? 0 : size)
      const name = own.path ?? header.path ?? ''
      const sparse = own.sparse === true || header.type === 'SparseFile'
      own = {}
      yield { name, kind: kindOf(header), size, open: () => (sparse ? refused() : content.read()) }
      await content.skip()
      await reader.part((BLOCK - (content.size % BLOCK)) % BLOCK).skip()
    }
    await refuseAnother(reader)
    await reader.rest()
  } finally {
    await source.return(undefined)
  }
}

/** Padding may be of any bytes. But tars put one behind the other are no padding, and only the first would be read. */
async function refuseAnother(reader: ByteReader): Promise<void> {
  for (;;) {
    const block = await reader.exactly(BLOCK)
    if (!block) return
    if (block.equals(EMPTY)) continue
    if (readHeader(block)?.cksumValid) throw new Damaged('is followed by another archive')
    return
  }
}

/** @returns null for the header of an entry itself. */
async function extensionOf(header: Header, reader: ByteReader): Promise<Extension | null> {
  switch (header.type) {
    case 'NextFileHasLongPath':
    case 'OldGnuLongPath':
      return { path: (await extension(header, reader)).toString('utf8').split('\0', 1)[0]! }
    case 'NextFileHasLongLinkpath':
      await extension(header, reader)
      return {}
    case 'ExtendedHeader':
    case 'OldExtendedHeader':
    case 'GlobalExtendedHeader': {
      const records = (await extension(header, reader)).toString('utf8')
      const { path, size } = Pax.parse(records)
      // A path for all files that follow would be the same for each of them.
      if (header.type === 'GlobalExtendedHeader') return { size }
      return { path, size, sparse: records.includes('GNU.sparse.') }
    }
    default:
      return null
  }
}

async function extension(header: Header, reader: ByteReader): Promise<Buffer> {
  const size = header.size ?? 0
  if (size > MOST_EXTENSION) throw new Damaged('has a header that is too long')
  const bytes = await reader.exactly(Math.ceil(size / BLOCK) * BLOCK)
  if (!bytes) throw new Damaged('breaks off')
  return bytes.subarray(0, size)
}

function kindOf(header: Header): EntryKind {
  switch (header.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
    case 'SparseFile':
      return 'file'
    case 'Directory':
    case 'GNUDumpDir':
      return 'directory'
    case 'Link':
    case 'SymbolicLink':
      return 'link'
    case 'CharacterDevice':
    case 'BlockDevice':
    case 'FIFO':
      return 'device'
    default:
      return 'unknown'
  }
}

// biome-ignore lint/correctness/useYield: it is a stream that has nothing to give
async function* refused(): AsyncGenerator<Uint8Array> {
  throw new Damaged('is a sparse file, which is not read')
}
