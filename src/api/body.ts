/** Bodies that are read whole: small JSON. Uploads never come this way. */
import type { Context } from 'hono'
import type { Env } from './endpoint.ts'
import { watchPace } from './pace.ts'
import { Problem } from './problems.ts'

/**
 * Bytes: many times what the largest request needs (metadata of 16 KiB), so that whoever sends too much is told what it
 * is that is too large.
 */
const LARGEST = 4 * 2 ** 20

export function bodyMedia(contentType: string | undefined): 'json' | 'multipart' | 'form' | 'other' | 'none' {
  const type = (contentType ?? '').replace(/;.*/s, '').trim().toLowerCase()
  if (!type) return 'none'
  if (type === 'multipart/form-data') return 'multipart'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  return type === 'application/json' || /^application\/[^/]+\+json$/.test(type) ? 'json' : 'other'
}

/** @param most bytes. @throws Problem also as `readBody`. */
export async function readJson(c: Context<Env>, most = LARGEST): Promise<unknown> {
  const text = decodeUtf8(await readBody(c, most))
  if (text === null) throw new Problem('malformed-json', 'The body is not UTF-8.')
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Problem('malformed-json', 'The body is not valid JSON.')
  }
}

/** Null where the bytes are none: what stands in for them would be kept as if the client had sent it. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** @throws Problem where it is too large, encoded, or stalls. */
export async function readBody(c: Context<Env>, most: number): Promise<Buffer> {
  refuseEncoded(c.req.header('content-encoding'))
  const tooLarge = () => new Problem('request-too-large', `A body of this kind has at most ${most} bytes.`)
  if (Number(c.req.header('content-length') ?? 0) > most) throw tooLarge()
  const stalled = Promise.withResolvers<never>()
  const watch = watchPace(c.env?.incoming, stalled.reject)
  const reader = c.req.raw.body?.getReader()
  try {
    const chunks: Uint8Array[] = []
    for (let size = 0; reader; ) {
      const { done, value } = await Promise.race([reader.read(), stalled.promise])
      if (done) break
      chunks.push(value)
      size += value.length
      if (size > most) throw tooLarge()
    }
    return Buffer.concat(chunks)
  } finally {
    watch.stop()
    reader?.releaseLock()
  }
}

/** Nothing here decodes bodies; taken as it is, an encoded one would be stored as something else than it says. */
export function refuseEncoded(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || contentEncoding.trim().toLowerCase() === 'identity') return
  throw new Problem('unsupported-media-type', 'Send the body without a Content-Encoding.')
}
