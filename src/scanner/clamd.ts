/**
 * clamd, ClamAV's daemon, as a scanner: one TCP connection a question, as its manual (clamd(8), "COMMANDS") has it.
 * A file is sent as `INSTREAM`: pieces, each after its length in four bytes, and a length of nothing at the end. clamd
 * says nothing until it has looked at all of it, which takes minutes for a large file; or it refuses a stream that grows
 * too long, and hangs up while bytes are still on their way to it.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { AttentiveSocket } from './attentive-socket.ts'
import { type Scanner, ScannerError, type ScanResult } from './scanner.ts'

const CONNECT_MS = 10_000
/** Its own limit on one scan (MaxScanTime) is two minutes by default; a busy one queues us before that. */
const SILENCE_MS = 600_000
const PING_MS = 2_000
/** clamd's answers are one short line; whoever sends more is not clamd. */
const LONGEST_REPLY = 4_096

export interface ClamdOptions {
  readonly host: string
  readonly port: number
  /** Milliseconds in which it neither takes a byte nor answers, after which it counts as away; ten minutes at most. */
  readonly silenceMs?: number
}

export function createClamd({ host, port, silenceMs = SILENCE_MS }: ClamdOptions): Scanner {
  const at = `clamd at ${host}:${port}`
  const nested = tooDeep()
  let limits: Promise<boolean> | null = null

  /** `reply`: what it answers, up to its NUL, after which nothing more is sent to it. */
  function dial(patienceMs: number): { socket: Socket; reply: Promise<string> } {
    const { promise: reply, resolve, reject } = Promise.withResolvers<string>()
    // Asked for once all is sent; it may fail before.
    reply.catch(() => {})
    let text = ''
    const socket = new AttentiveSocket(piece => {
      text += piece.toString('latin1')
      const end = text.indexOf('\0')
      if (end >= 0) {
        resolve(text.slice(0, end))
        socket.destroy()
      } else if (text.length > LONGEST_REPLY) socket.destroy(new Error('it is no clamd that answers there'))
    })
    let why = 'it hung up without an answer'
    socket.on('error', error => {
      // Where a name has several addresses, and none answers, the error has no message.
      why = error.message || String((error as NodeJS.ErrnoException).code)
    })
    socket.on('close', () => reject(new ScannerError('away', `${at} is away: ${why}.`)))
    // It reads no more either.
    socket.on('end', () => socket.destroy())
    socket.on('timeout', () => {
      const silence = `it said nothing for ${socket.timeout! / 1_000} s`
      socket.destroy(new Error(socket.connecting ? 'it cannot be connected to' : silence))
    })
    socket.setTimeout(Math.min(CONNECT_MS, patienceMs))
    socket.once('connect', () => socket.setTimeout(patienceMs))
    socket.setNoDelay().connect({ host, port })
    return { socket, reply }
  }

  const scanner: Scanner = {
    async scan(source, signal) {
      const { socket, reply } = dial(Math.min(silenceMs, SILENCE_MS))
      const stop = () => {
        source.destroy(signal.reason)
        socket.destroy(signal.reason)
      }
      // Whoever reads it is told, but nobody does before clamd is connected to; an error without a listener ends the process.
      source.on('error', () => {})
      signal.addEventListener('abort', stop)
      try {
        signal.throwIfAborted()
        const isWhole = await sendStream(socket, source)
        const result = verdictOf(await reply, at)
        if (result.clean && !isWhole) throw new ScannerError('refused', `${at} judged before it had it all.`)
        return result
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      } finally {
        signal.removeEventListener('abort', stop)
        source.destroy()
        socket.destroy()
      }
    },

    async ping() {
      const { socket, reply } = dial(PING_MS)
      try {
        await send(socket, [Buffer.from('zPING\0')])
        const answer = await reply
        if (answer !== 'PONG') throw new ScannerError('refused', `${at} answered a PING with "${answer}".`)
      } finally {
        socket.destroy()
      }
    },

    // Those who ask meanwhile share it: each time is a scan, and whoever may ask us whether we are ready asks this.
    tellsLimits() {
      limits ??= askForLimits().finally(() => {
        limits = null
      })
      return limits
    },
  }
  return scanner

  /** Nobody can ask for its settings. But one without AlertExceedsMax calls clean what is nested too deep for it. */
  async function askForLimits(): Promise<boolean> {
    try {
      const { clean } = await scanner.scan(Readable.from([nested]), AbortSignal.timeout(PING_MS))
      return !clean
    } catch (error) {
      if (error instanceof ScannerError && error.code === 'limit') return true
      throw error instanceof ScannerError
        ? error
        : new ScannerError('away', `${at} is away: it takes too long.`, { cause: error })
    }
  }
}

/** clamd looks into at most 100 levels of archives (MaxRecursion). */
function tooDeep(): Buffer {
  let nested: Buffer = Buffer.from('Sluice')
  for (let level = 0; level <= 100; level++) nested = gzipSync(nested)
  return nested
}

/** @returns false where clamd takes no more: it has then said why, or is gone. */
async function sendStream(socket: Socket, source: Readable): Promise<boolean> {
  if (!(await send(socket, [Buffer.from('zINSTREAM\0')]))) return false
  for await (const chunk of source as AsyncIterable<Buffer>) {
    // A length of nothing would end the stream.
    if (chunk.length > 0 && !(await send(socket, [lengthOf(chunk), chunk]))) return false
  }
  return send(socket, [lengthOf(Buffer.alloc(0))])
}

function lengthOf(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(chunk.length)
  return length
}

/** Resolves once the bytes are with the system; false: they are not, and none will be. */
function send(socket: Socket, pieces: readonly Buffer[]): Promise<boolean> {
  return new Promise(resolve => {
    socket.cork()
    for (const piece of pieces.slice(0, -1)) socket.write(piece)
    socket.write(pieces.at(-1)!, error => resolve(!error))
    socket.uncork()
  })
}

/** What clamd reports of a file that it did not look at as a whole, where `AlertExceedsMax` is set. */
const EXCEEDED = 'Heuristics.Limits.Exceeded.'

function verdictOf(reply: string, at: string): ScanResult {
  if (reply === 'stream: OK') return { clean: true }
  const [, signature] = /^stream: (.+) FOUND$/.exec(reply) ?? []
  if (signature?.startsWith(EXCEEDED)) throw beyond(signature.slice(EXCEEDED.length), at)
  if (signature) return { clean: false, signature }
  if (reply.startsWith('INSTREAM size limit exceeded')) throw beyond('StreamMaxLength', at)
  throw new ScannerError('refused', `${at} gave no verdict, but "${reply}".`)
}

function beyond(limit: string, at: string): ScannerError {
  return new ScannerError('limit', `${at} does not look beyond its ${limit}: raise it in clamd.conf.`, {
    limit,
  })
}
