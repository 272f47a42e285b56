/**
 * What went wrong with an attempt, in words. They are shown to whoever owns the delivery, so they say what a receiver's
 * operator can act on, and hold no stack and no message of a library.
 */
import { errors } from 'undici'
import { AddressRefused } from './address.ts'
import { ProxyFailure } from './tunnel.ts'

/** The attempt took longer than it may. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout'

  constructor(timeoutMs: number) {
    super(`No answer came within ${timeoutMs / 1_000} s.`)
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was reset before an answer came.',
  EPIPE: 'The connection was closed before an answer came.',
  UND_ERR_SOCKET: 'The connection was closed before an answer came.',
  UND_ERR_CONNECT_TIMEOUT: 'No connection could be made in time.',
  ETIMEDOUT: 'No connection could be made in time.',
  EHOSTUNREACH: 'There is no route to the host.',
  ENETUNREACH: 'There is no route to the network of the host.',
  ENOTFOUND: 'The host name does not resolve.',
  EAI_AGAIN: 'The host name could not be resolved at this time.',
  UND_ERR_HEADERS_OVERFLOW: 'The headers of the answer are too large.',
}

/** A request that could not be made as asked, or a sender that was closed before. */
const MISTAKES: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])

/**
 * What is not known here becomes a sentence as well: were it thrown, a receiver that provokes it would keep its
 * delivery open for ever.
 *
 * @throws the error itself where it is the caller's mistake and says nothing of the receiver.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) throw error
  if (error instanceof AddressRefused || error instanceof AttemptTimeout || error instanceof ProxyFailure)
    return error.message
  if (error instanceof errors.HTTPParserError) return 'The answer is not valid HTTP.'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (MISTAKES.has(code)) throw error
  const sentence = SENTENCES[code]
  if (sentence !== undefined) return sentence
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `The certificate of the host is not trusted (${code}).`
  if (/SSL|TLS|EPROTO/.test(code)) return `No secure connection could be agreed upon (${code}).`
  return `The request failed (${code}).`
}

/** Why an answer does not count as delivered. */
export function describeStatus(statusCode: number): string {
  if (statusCode === 410) return 'The receiver answered 410: it wants no more of this.'
  if (statusCode >= 300 && statusCode < 400) {
    return `The receiver answered ${statusCode}: redirects are not followed.`
  }
  return `The receiver answered ${statusCode}; only 2xx counts as delivered.`
}
