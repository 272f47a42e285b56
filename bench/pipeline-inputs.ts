/** The logs that the pipeline is measured with: made anew each time, always the same. */
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export const MIB = 2 ** 20
const CHUNK = 256 * 1024

export interface Input {
  readonly name: string
  /** Bytes of text, unpacked. */
  readonly size: number
  readonly gzip: boolean
  /** Only with `--large`: they take minutes. */
  readonly large: boolean
  text(): Iterable<string>
}

export const memoryInputs: readonly Input[] = [
  input('a million distinct templates', 100 * MIB, distinct),
  input('one line of 200 MiB', 200 * MIB, words),
  { ...input('a gzip of one line of 200 MiB', 200 * MIB, words), gzip: true },
  { ...input('a log of 2 GiB', 2_048 * MIB, ordinary), large: true },
  { ...input('a gzip of a log of 2 GiB', 2_048 * MIB, ordinary), gzip: true, large: true },
]

export function input(name: string, size: number, lines: () => Generator<string>): Input {
  return { name, size, gzip: false, large: false, text: () => cut(lines(), size) }
}

/** Writes the input into a file. */
export async function writeInput({ text, gzip }: Input, path: string): Promise<void> {
  const source = Readable.from(text(), { objectMode: false })
  const file = createWriteStream(path)
  // The quickest level: its ratio, about 10 to 1 here, is well below what is refused.
  if (gzip) await pipeline(source, createGzip({ level: 1 }), file)
  else await pipeline(source, file)
}

/** The logs of a folder, such as the Loghub collection's, one after the other until there are `size` bytes. */
export async function writeLogsOf(folder: string, size: number, path: string): Promise<void> {
  const names = await readdir(folder, { recursive: true })
  const logs = names.filter(name => name.endsWith('.log')).sort()
  if (logs.length === 0) throw new Error(`There is no .log file in ${folder}.`)
  async function* content() {
    for (let written = 0; written < size; ) {
      for (const name of logs) {
        let last = 10
        for await (const chunk of createReadStream(join(folder, name))) {
          written += chunk.length
          last = chunk.at(-1)
          yield chunk
        }
        if (last !== 10) yield Buffer.from('\n')
      }
    }
  }
  await pipeline(content, createWriteStream(path))
}

/** An ordinary log of a service: a few templates, varied, with what has to be redacted now and then. */
export function* ordinary(): Generator<string> {
  const next = numbers()
  const levels = ['INFO ', 'INFO ', 'INFO ', 'INFO ', 'DEBUG', 'WARN ', 'ERROR']
  for (let time = Date.UTC(2024, 2, 7); ; time += next(40)) {
    const stamp = new Date(time).toISOString()
    const level = levels[next(levels.length)]!
    const id = next(2 ** 30).toString(16)
    switch (next(6)) {
      case 0:
        yield `${stamp} ${level} [http-${next(32)}] shop.Checkout: order ${id} accepted in ${next(900)} ms\n`
        break
      case 1:
        yield `${stamp} ${level} [http-${next(32)}] shop.Access: GET /items/${next(9_999)} from 10.0.${next(255)}.${next(255)} status ${200 + next(4) * 100}\n`
        break
      case 2:
        yield `${stamp} ${level} [pool-${next(8)}] shop.Mail: sent receipt ${id} to user${next(5_000)}@example.com\n`
        break
      case 3:
        yield `${stamp} ${level} [pool-${next(8)}] shop.Store: read block blk_${next(2 ** 30)} of size ${next(67_108_864)} from cache\n`
        break
      case 4:
        yield `${stamp} ${level} [timer-${next(4)}] shop.Health: heap ${next(100)}% queue ${next(500)} sessions ${next(5_000)}\n`
        break
      default:
        yield `${stamp} ${level} [http-${next(32)}] shop.Session: token renewed for session ${id}, expires in ${next(3_600)} s\n`
    }
  }
}

/** No two lines have a template in common: words of letters that are drawn anew. */
function* distinct(): Generator<string> {
  const next = numbers()
  const word = () => String.fromCharCode(...Array.from({ length: 4 + next(6) }, () => 97 + next(26)))
  for (let time = Date.UTC(2024, 2, 7); ; time += 10) {
    yield `${new Date(time).toISOString()} INFO ${Array.from({ length: 4 + next(12) }, word).join(' ')}\n`
  }
}

/** Without a line end. */
function* words(): Generator<string> {
  const next = numbers()
  yield '2024-03-07T10:00:00Z INFO '
  for (;;) yield `${next(2 ** 30).toString(36)} `
}

/** Whole lines together in chunks, `size` bytes in all. Everything here is ASCII. */
function* cut(lines: Generator<string>, size: number): Generator<string> {
  let left = size
  while (left > 0) {
    let chunk = ''
    while (chunk.length < CHUNK) chunk += lines.next().value
    yield left < chunk.length ? chunk.slice(0, left) : chunk
    left -= chunk.length
  }
}

/** Numbers from 0 to below the one given, as random as they need be, the same each time (xorshift). */
function numbers(): (below: number) => number {
  let state = 2_463_534_242
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
