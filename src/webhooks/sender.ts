/** One attempt at a delivery: a signed POST, and what came of it. */
import { Agent, Client, type Dispatcher, Pool } from 'undici'
import type { AddressGuard } from './address.ts'
import { createGuardedConnector } from './connector.ts'
import { type Answer, Exchange } from './exchange.ts'
import { AttemptTimeout, describeFailure, describeStatus } from './failure.ts'
import { createPhases, type Phases } from './phases.ts'
import { parseRetryAfter } from './schedule.ts'
import { sign } from './signature.ts'

export interface AttemptOutcome {
  /** When it began, ISO 8601. */
  readonly at: string
  readonly durationMs: number
  /** How long resolving the name took, ms. Null where there was none to resolve. */
  readonly dnsMs: number | null
  /** How long connecting took, TLS and the way through a proxy included, ms. Null where it did not come to that. */
  readonly connectMs: number | null
  /** Null where no answer came. */
  readonly statusCode: number | null
  /** Null if delivered; else a sentence. */
  readonly error: string | null
  /** What came of the first 4 KiB of the answer's body before time was up, as UTF-8. */
  readonly response: string
  /** How long the receiver asks to be left alone, 0…24 h; null where it does not ask. */
  readonly retryAfterMs: number | null
  /** `gone`: the receiver wants no further attempt. */
  readonly verdict: 'delivered' | 'retry' | 'gone'
}

export interface Message {
  readonly url: string
  /** The delivery's id, the same in every attempt. */
  readonly id: string
  /** JSON. */
  readonly body: string
  readonly secrets: readonly string[]
}

export interface Sender {
  /**
   * Makes one attempt, and ends within the timeout. Whatever the receiver does is an outcome, not an error.
   *
   * @param signal ends an attempt that nobody waits for any more.
   * @throws the signal's reason, where it was aborted before an answer came: that is no attempt of the receiver's.
   */
  send(message: Message & { readonly signal: AbortSignal }): Promise<AttemptOutcome>
  /** Lets attempts that are under way end, and closes every connection. */
  close(): Promise<void>
}

export interface SenderOptions {
  readonly guard: AddressGuard
  /** For the whole attempt, from resolving the name to the end of the answer. */
  readonly timeoutMs?: number
  readonly userAgent?: string
  /** At most so many to one scheme, host and port. An attempt beyond them waits for one, on its own time. */
  readonly connectionsPerOrigin?: number
  /** What connections lead through; user name and password are the proxy's. */
  readonly proxy?: string | null
}

const RESPONSE_LIMIT_BYTES = 4_096

export function createSender(options: SenderOptions): Sender {
  const { guard, timeoutMs = 15_000, userAgent = 'Sluice', connectionsPerOrigin = 64, proxy = null } = options
  const connect = createGuardedConnector(guard, timeoutMs, proxy === null ? null : new URL(proxy))
  const openClient = (origin: URL, settings: object): Dispatcher => {
    const client: TimedClient = new TimedClient(origin, {
      ...settings,
      connect: (target, callback) => connect(target, callback, client.phases),
    })
    return client
  }
  // The attempt's own clock rules: undici's timers are off or as long.
  const agent = new Agent({
    factory: (origin, settings) => new Pool(origin, { ...settings, factory: openClient }),
    connections: connectionsPerOrigin,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  function prepare({ url, id, body, secrets }: Message) {
    const { origin, pathname, search } = new URL(url)
    return {
      origin,
      path: pathname + search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': userAgent,
        ...sign({ id, timestamp: Math.floor(Date.now() / 1_000), body, secrets }),
      },
      body,
    } as const
  }

  return {
    async send({ signal, ...message }) {
      signal.throwIfAborted()
      const request = prepare(message)
      const at = new Date().toISOString()
      const start = performance.now()
      const phases = createPhases()
      const times = () => ({
        at,
        durationMs: Math.round(performance.now() - start),
        dnsMs: phases.ms('dns'),
        connectMs: phases.ms('connect'),
      })
      const exchange = new Exchange(RESPONSE_LIMIT_BYTES)
      const cancel = () => exchange.stop(signal.reason)
      const timer = setTimeout(() => exchange.stop(new AttemptTimeout(timeoutMs)), timeoutMs)
      signal.addEventListener('abort', cancel, { once: true })
      try {
        const options: TimedOptions = { ...request, phases }
        agent.dispatch(options, exchange)
        const answer = await exchange.answer
        return { ...times(), response: answer.beginning, ...judge(answer) }
      } catch (failure) {
        signal.throwIfAborted()
        const error = describeFailure(failure)
        return { ...times(), statusCode: null, error, response: '', retryAfterMs: null, verdict: 'retry' }
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', cancel)
      }
    },
    close: () => agent.close(),
  }
}

interface TimedOptions extends Dispatcher.DispatchOptions {
  readonly phases: Phases
}

/** One connection. It is given one request at a time, so what it opens is opened for that one. */
class TimedClient extends Client {
  phases: Phases = createPhases()

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.phases = (options as TimedOptions).phases
    return super.dispatch(options, handler)
  }
}

type Judgement = Pick<AttemptOutcome, 'statusCode' | 'error' | 'retryAfterMs' | 'verdict'>

function judge({ statusCode, headers }: Answer): Judgement {
  if (statusCode >= 200 && statusCode < 300) {
    return { statusCode, error: null, retryAfterMs: null, verdict: 'delivered' }
  }
  const error = describeStatus(statusCode)
  if (statusCode === 410) return { statusCode, error, retryAfterMs: null, verdict: 'gone' }
  const retryAfter = [headers['retry-after']].flat()[0]
  return { statusCode, error, retryAfterMs: parseRetryAfter(retryAfter), verdict: 'retry' }
}
