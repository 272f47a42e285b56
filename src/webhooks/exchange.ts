/**
 * One request over HTTP, and of its answer the status, the headers and the beginning of its body. undici's own `request`
 * makes a stream of every body, and most callbacks are answered without one.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { TextDecoder } from 'node:util'
import type { Dispatcher } from 'undici'

export interface Answer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  /** What came of the body, as UTF-8, up to the limit. */
  readonly beginning: string
}

/** The handler for one call of undici's `dispatch`. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #settled = Promise.withResolvers<Answer>()
  #controller: Dispatcher.DispatchController | null = null
  #stopped: Error | null = null
  #head: Pick<Answer, 'statusCode' | 'headers'> | null = null
  #decoder: TextDecoder | null = null
  #beginning = ''
  #left: number

  /** @param limit bytes of the body that are kept; what is still to come then is abandoned, with its connection. */
  constructor(limit: number) {
    this.#left = limit
  }

  /**
   * Rejects where no answer came. Once a status has come it decides: an answer that breaks off, or is stopped, is given as
   * far as it came.
   */
  get answer(): Promise<Answer> {
    return this.#settled.promise
  }

  /** Ends the wait at once, and hangs up. */
  stop(reason: Error): void {
    this.#stopped ??= reason
    this.#settle(reason)
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Stopped while undici resolved and connected: it hears of that only now.
    if (this.#stopped) controller.abort(this.#stopped)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 1xx is none yet.
    if (statusCode >= 200) this.#head = { statusCode, headers }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#left <= 0) return
    this.#decoder ??= new TextDecoder()
    this.#beginning += this.#decoder.decode(chunk.subarray(0, this.#left), { stream: true })
    this.#left -= chunk.length
    if (this.#left > 0) return
    // A character cut in two stays in the decoder.
    this.#settle()
    // Where its end has come with it, there is nothing to abandon, and the connection can be used again.
    setImmediate(() => controller.abort(new Error('no more of the answer is read')))
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#beginning += this.#decoder.decode()
    this.#settle()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error)
  }

  /** The first time counts. */
  #settle(error?: Error): void {
    if (this.#head) this.#settled.resolve({ ...this.#head, beginning: this.#beginning })
    else this.#settled.reject(error)
  }
}
