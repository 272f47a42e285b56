/** Stored bytes as an answer: whole, a range of them, or only their headers. */
import { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import type { Context } from 'hono'
import parseRange from 'range-parser'
import type { ByteRange } from '../storage/storage.ts'
import { quality } from './accept.ts'
import type { Env } from './endpoint.ts'
import { Problem } from './problems.ts'

export interface Content {
  /** @throws StorageError */
  readonly open: (range?: ByteRange) => Promise<Readable>
  /** As the client shall save it. */
  readonly name: string
  readonly size: number
  readonly type: string
  /** Strong, in quotes: the bytes never change under it. */
  readonly etag: string
  readonly show: 'inline' | 'attachment'
  /** Written by a stage, so that its text is UTF-8; of what was uploaded nobody knows. */
  readonly isOurs: boolean
}

/**
 * What came from outside may hold anything, and is shown under our own address: it may load and run nothing, and the
 * sandbox gives it an origin of its own. Our own pages may frame it, to show a report.
 */
const HARMLESS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
}

/** As the document says it. */
export const DOWNLOAD = {
  heeds: {
    Range: 'One range of bytes; several get the whole.',
    'If-Range': 'An `ETag`: the range counts only if it is still this one.',
    'If-None-Match': 'An `ETag`: 304 if it is still this one.',
  },
  answers: {
    200: {
      description: 'The bytes.',
      types: ['*/*'],
      headers: { ETag: 'Strong', 'Accept-Ranges': '`bytes`' },
    },
    206: {
      description: 'A part of them.',
      types: ['*/*'],
      headers: { ETag: 'Strong', 'Content-Range': 'Which part, of how many bytes' },
    },
    304: { description: 'The client has them.' },
  },
} as const

/** @throws Problem `range-not-satisfiable`; StorageError. */
export async function download(c: Context<Env>, content: Content): Promise<Response> {
  const { size, etag } = content
  const headers: Record<string, string> = {
    ...HARMLESS,
    'content-type': content.isOurs ? withCharset(content.type) : content.type,
    'content-disposition': contentDisposition(content.name, { type: content.show }),
    'accept-ranges': 'bytes',
    // Behind a key, and gone when the job is deleted: kept by the client alone, and asked about each time.
    'cache-control': 'private, no-cache',
    etag,
  }
  if (quality(c.req.header('accept'), content.type) === 0) {
    throw new Problem('not-acceptable', `This is ${content.type}.`)
  }
  if (matches(c.req.header('if-none-match'), etag)) {
    const { 'content-type': _, 'content-disposition': __, ...rest } = headers
    return new Response(null, { status: 304, headers: rest })
  }
  // Of headers alone there are no ranges (RFC 9110, 14.2).
  const range = c.req.method === 'HEAD' ? null : wantedRange(c, content)
  const [status, length] = range ? [206, range.end - range.start + 1] : [200, size]
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`
  headers['content-length'] = String(length)
  // Opened also where only headers are wanted or nothing is to be read: a file that is gone is a 404.
  const stream = await content.open(range ?? undefined)
  if (c.req.method === 'HEAD' || length === 0) {
    stream.destroy()
    return new Response(null, { status, headers })
  }
  // Bytes that changed in storage: what lacks of the length would be waited for, what exceeds it would be taken for the
  // next answer. Cut instead, so that the client sees it.
  if (c.env.outgoing) c.env.outgoing.strictContentLength = true
  endWithKey(c)
  return new Response(Readable.toWeb(stream) as ReadableStream, { status, headers })
}

/** It may have gigabytes to go when its caller's key is revoked. */
function endWithKey(c: Context<Env>): void {
  const [until, outgoing] = [c.get('caller')?.until, c.env.outgoing]
  if (!until || !outgoing) return
  const cut = () => outgoing.destroy()
  until.addEventListener('abort', cut)
  outgoing.once('close', () => until.removeEventListener('abort', cut))
}

/** Null: all of it; also for several ranges at once, which nobody needs here. */
function wantedRange(c: Context<Env>, { size, etag }: Content): ByteRange | null {
  const header = c.req.header('range')
  if (header === undefined || !header.startsWith('bytes=')) return null
  const onlyIf = c.req.header('if-range')
  if (onlyIf !== undefined && onlyIf !== etag) return null
  // More than there is means all of it (RFC 9110, 14.1.2); the parser takes it for a range before the beginning.
  const suffix = /^bytes=\s*-(\d+)\s*$/.exec(header)
  if (suffix && size > 0 && Number(suffix[1]) >= size) return { start: 0, end: size - 1 }
  const ranges = parseRange(size, header)
  if (ranges === -2) return null
  if (ranges === -1) {
    throw new Problem('range-not-satisfiable', `There are ${size} bytes.`, {
      headers: { 'content-range': `bytes */${size}` },
    })
  }
  return ranges.length === 1 ? ranges[0]! : null
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header
    .split(',')
    .map(each => each.trim().replace(/^W\//, ''))
    .some(each => each === '*' || each === etag)
}

/** Browsers guess otherwise. */
function withCharset(type: string): string {
  return /^text\/|^application\/json$/.test(type) && !type.includes(';') ? `${type}; charset=utf-8` : type
}
