/**
 * A TCP proxy before Redis that reads the commands of one process as they pass and can stop the world at one of them:
 * the way to kill a process exactly between a script and what follows it, without a switch in the product.
 */
import { createHash } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { readScript } from '../../src/jobs/script.ts'

/** A command's words; the first in lower case. */
export type RedisCommand = readonly string[]

/**
 * Called with each command before it is forwarded. `before`: it never reaches Redis. `after`: it does, but its reply
 * never reaches the process. Either way the connection stands still from then on, until the process is killed.
 */
export type Breakpoint = (command: RedisCommand) => 'pass' | 'before' | 'after'

export interface RedisProxy {
  readonly url: string
  /** Resolves with the command at which the world stopped. */
  stopAt(breakpoint: Breakpoint): Promise<RedisCommand>
  /** Holds back the first command that fits, on its connection, until it is released. */
  holdAt(fits: (command: RedisCommand) => boolean): { readonly reached: Promise<void>; release(): void }
  /** Lets everything through again. */
  clear(): void
  /** Breaks every connection, as when the network does; new ones are let through. */
  cut(): void
  close(): Promise<void>
}

export async function startRedisProxy(redisPort: number): Promise<RedisProxy> {
  let breakpoint: Breakpoint | undefined
  let stopped: ((command: RedisCommand) => void) | undefined
  let hold:
    | { fits: (command: RedisCommand) => boolean; reached: () => void; released: Promise<void> }
    | undefined
  const sockets = new Set<Socket>()

  const server = createServer(client => {
    const upstream = connect(redisPort, '127.0.0.1')
    let frozen = false
    let held: Buffer[] | undefined
    const freeze = (command: RedisCommand) => {
      frozen = true
      breakpoint = undefined
      stopped?.(command)
    }
    const read = commandReader((command, bytes) => {
      if (frozen) return
      if (held) {
        held.push(bytes)
        return
      }
      if (hold?.fits(command)) {
        const kept = [bytes]
        held = kept
        hold.reached()
        void hold.released.then(() => {
          held = undefined
          for (const each of kept) upstream.write(each)
        })
        hold = undefined
        return
      }
      const verdict = breakpoint?.(command) ?? 'pass'
      if (verdict === 'before') return freeze(command)
      // The replies stop first: one that is quick would otherwise slip through.
      if (verdict === 'after') upstream.pause().removeAllListeners('data')
      upstream.write(bytes)
      if (verdict === 'after') {
        frozen = true
        breakpoint = undefined
        // The next reply on this connection says that Redis has run it.
        upstream.once('data', () => stopped?.(command))
        upstream.resume()
      }
    })
    client.on('data', read)
    upstream.on('data', bytes => {
      if (!frozen) client.write(bytes)
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stopAt(next) {
      const { promise, resolve } = Promise.withResolvers<RedisCommand>()
      breakpoint = next
      stopped = resolve
      return promise
    },
    holdAt(fits) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      hold = { fits, reached: reached.resolve, released: released.promise }
      return { reached: reached.promise, release: released.resolve }
    },
    clear() {
      breakpoint = undefined
    },
    cut,
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Recognises a call of one of our scripts, however it is sent. `files` as given to `defineScript`. */
export function callsScript(...files: readonly string[]): (command: RedisCommand) => boolean {
  const lua = readScript(...files)
  const digest = createHash('sha1').update(lua).digest('hex')
  return ([name, script]) => (name === 'evalsha' && script === digest) || (name === 'eval' && script === lua)
}

/** Cuts a stream of bytes into commands: arrays of bulk strings, as every client sends them. */
function commandReader(found: (command: RedisCommand, bytes: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return chunk => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const parsed = parseCommand(pending)
      if (!parsed) return
      found(parsed.words, pending.subarray(0, parsed.length))
      pending = pending.subarray(parsed.length)
    }
  }
}

function parseCommand(bytes: Buffer): { words: string[]; length: number } | null {
  let at = 0
  const line = (): string | null => {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return null
    const text = bytes.toString('latin1', at, end)
    at = end + 2
    return text
  }
  const head = line()
  if (head === null) return null
  const words: string[] = []
  for (let count = Number(head.slice(1)); count > 0; count--) {
    const size = line()
    if (size === null) return null
    const length = Number(size.slice(1))
    if (bytes.length < at + length + 2) return null
    words.push(bytes.toString('utf8', at, at + length))
    at += length + 2
  }
  if (words[0] !== undefined) words[0] = words[0].toLowerCase()
  return { words, length: at }
}
