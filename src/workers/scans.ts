/**
 * The scans of one worker process. Only a few run at once, for a scanner has few threads, and one that is handed more
 * answers none of them sooner; the rest wait here. When the scanner goes away, and when it is back, the log says so once.
 */
import type { Readable } from 'node:stream'
import type { Log } from '../log.ts'
import { type Scanner, ScannerError, type ScanResult } from '../scanner/scanner.ts'

/** clamd has ten threads by default, for all of our workers. */
const AT_ONCE = 4

export interface Scans {
  /**
   * @param open called once there is a place. @throws what `Scanner.scan` throws, and `open`.
   */
  scan(open: () => Promise<Readable>, signal: AbortSignal): Promise<ScanResult>
}

export function createScans({ scanner, log }: { scanner: Scanner; log: Log }): Scans {
  const waiting = new Set<() => void>()
  let free = AT_ONCE
  let away = false
  let asked = false

  async function takePlace(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free--
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => {
      waiting.delete(resolve)
      reject(signal.reason)
    }
    waiting.add(resolve)
    signal.addEventListener('abort', giveUp)
    await promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  function leavePlace(): void {
    const [next] = waiting
    if (!next) {
      free++
      return
    }
    waiting.delete(next)
    next()
  }

  function note(error?: unknown): void {
    if (error !== undefined && !(error instanceof ScannerError)) return
    const isAway = error?.code === 'away'
    if (isAway && !away) log.error(`${error.message} Files wait to be scanned until it is back.`)
    if (!isAway && away) log.info('the virus scanner is back')
    away = isAway
    if (isAway) asked = false
    else if (!asked) warnOfLimits()
  }

  /** Asked anew after each outage: it may have other settings then. */
  function warnOfLimits(): void {
    asked = true
    scanner.tellsLimits().then(
      tells => {
        if (!tells)
          log.warn(
            'The virus scanner calls clean what is beyond its limits: set AlertExceedsMax in clamd.conf.',
          )
      },
      (error: unknown) => log.debug({ err: error }, 'the virus scanner could not be asked for its limits'),
    )
  }

  return {
    async scan(open, signal) {
      await takePlace(signal)
      try {
        const result = await scanner.scan(await open(), signal)
        note()
        return result
      } catch (error) {
        note(error)
        throw error
      } finally {
        leavePlace()
      }
    },
  }
}
