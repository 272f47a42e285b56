/** Reads ranges of one artifact, always of the same version of it. */
import { Refusal, reached, signIn } from '../../service/call.ts'
import type { ReadBytes } from './line-store.ts'

/** Rejects with a `Refusal`, whose message is for people. */
export function bytesOf(url: string): ReadBytes {
  let version: string | null = null
  return async (from, to, signal) => {
    const asked = fetch(url, { headers: { range: `bytes=${from}-${to - 1}` }, signal })
    const response = await reached(asked, signal)
    if (response.status === 401) signIn()
    if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => null))
    const etag = response.headers.get('etag')
    version ??= etag
    if (etag !== version || response.status !== 206) {
      throw new Refusal(response.status, { detail: 'The file has changed since. Load the page again.' })
    }
    return new Uint8Array(await reached(response.arrayBuffer(), signal))
  }
}
