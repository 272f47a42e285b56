/**
 * Archives byte by byte, as their specifications have them, so that a test can tell any lie in them. Honest ones come
 * from libraries, too: `zipped` and `tarred`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync } from 'node:zlib'
import { create } from 'tar'
import { ZipFile } from 'yazl'

export type Files = Readonly<Record<string, Uint8Array | string>>

/** A zip as yazl makes it. */
export async function zipped(
  files: Files,
  options: { compress?: boolean; zip64?: boolean } = {},
): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('/')) zip.addEmptyDirectory(name)
    else
      zip.addBuffer(Buffer.from(bytes as Uint8Array), name, {
        compress: options.compress ?? true,
        forceZip64Format: options.zip64 ?? false,
      })
  }
  zip.end({ forceZip64Format: options.zip64 ?? false } as never)
  return buffer(zip.outputStream)
}

/** A tar as node-tar makes it of files on disk, with pax headers where names are long. */
export async function tarred(files: Files, options: { gzip?: boolean } = {}): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tar-'))
  try {
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), bytes)
    }
    const names = [...new Set(Object.keys(files).map(name => name.split('/')[0]!))]
    return await buffer(create({ cwd: folder, gzip: options.gzip ?? false }, names))
  } finally {
    await rm(folder, { recursive: true })
  }
}

export interface ZipMember {
  readonly name: string
  readonly bytes?: Uint8Array | string
  /** 8, deflated, where not told. */
  readonly method?: number
  /** What stands in the place of the packed bytes. */
  readonly packed?: Uint8Array
  readonly flags?: number
  /** Of the Unix file. */
  readonly mode?: number
  /** What the directory says, where it is not so. */
  readonly says?: {
    readonly name?: string
    readonly size?: number
    readonly packedSize?: number
    readonly crc?: number
    readonly at?: number
  }
  /** What the member's own header says. */
  readonly header?: { readonly name?: string; readonly size?: number; readonly method?: number }
}

/** A zip of headers and a directory (APPNOTE.TXT 6.3.10, section 4.3). */
export function zip(
  members: readonly ZipMember[],
  says: { readonly count?: number; readonly directoryAt?: number } = {},
): Buffer {
  const local: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const member of members) {
    const { method = 8, flags = 0, mode = 0o100644 } = member
    const bytes = Buffer.from((member.bytes ?? '') as Uint8Array)
    const packed = Buffer.from(member.packed ?? (method === 8 ? deflateRawSync(bytes) : bytes))
    const crc = crc32(bytes)
    const ownName = Buffer.from(member.header?.name ?? member.name)
    const own = Buffer.alloc(30)
    own.writeUInt32LE(0x04034b50, 0)
    own.writeUInt16LE(20, 4)
    own.writeUInt16LE(flags, 6)
    own.writeUInt16LE(member.header?.method ?? method, 8)
    own.writeUInt32LE(crc, 14)
    own.writeUInt32LE(packed.length, 18)
    own.writeUInt32LE(member.header?.size ?? bytes.length, 22)
    own.writeUInt16LE(ownName.length, 26)
    const name = Buffer.from(member.says?.name ?? member.name)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE((3 << 8) | 20, 4)
    entry.writeUInt16LE(20, 6)
    entry.writeUInt16LE(flags, 8)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(member.says?.crc ?? crc, 16)
    entry.writeUInt32LE(member.says?.packedSize ?? packed.length, 20)
    entry.writeUInt32LE(member.says?.size ?? bytes.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE((mode << 16) >>> 0, 38)
    entry.writeUInt32LE(member.says?.at ?? at, 42)
    local.push(own, ownName, packed)
    directory.push(entry, name)
    at += own.length + ownName.length + packed.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(says.count ?? members.length, 8)
  end.writeUInt16LE(says.count ?? members.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(says.directoryAt ?? at, 16)
  return Buffer.concat([...local, ...directory, end])
}

export interface TarMember {
  readonly name: string
  readonly bytes?: Uint8Array | string
  /** `0`, a file, where not told. */
  readonly type?: string
  /** What the header says, where it is not so. */
  readonly size?: number
  readonly linkTo?: string
  /** As it was before POSIX: no `ustar`. */
  readonly old?: boolean
}

/** The blocks of one member (POSIX.1-2024, pax, "ustar Interchange Format"). */
export function tarMember({
  name,
  bytes = '',
  type = '0',
  size,
  linkTo = '',
  old = false,
}: TarMember): Buffer {
  const content = Buffer.from(bytes as Uint8Array)
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write('14571234567\0', 136)
  header.write('        ', 148)
  header.write(old ? '\0' : type, 156)
  header.write(linkTo, 157, 100)
  if (!old) header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export function tar(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)])
}

/** A pax header for the member that follows: `17 path=logs/a.log\n`. */
export function paxMember(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = Buffer.byteLength(rest) + 1
    while (Buffer.byteLength(`${length}${rest}`) !== length) length++
    return `${length}${rest}`
  })
  return tarMember({ name: 'PaxHeader', type, bytes: lines.join('') })
}
