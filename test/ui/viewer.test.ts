/** How the viewer finds lines in a text of any size, without a browser. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { BLOCK, LineIndex, LineScanner } from '../../src/ui/app/pages/viewer/line-index.ts'
import { LineSearch, MOST_MATCHES, type Query } from '../../src/ui/app/pages/viewer/line-search.ts'
import { LineStore, MOST_OF_A_LINE, type ReadBytes, SHOWN } from '../../src/ui/app/pages/viewer/line-store.ts'
import { matchFrom } from '../../src/ui/app/pages/viewer/matches.ts'
import { scrollMap, TALLEST } from '../../src/ui/app/pages/viewer/scroll-map.ts'
import { gravityOf, segmentsOf } from '../../src/ui/app/pages/viewer/segments.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function indexed(chunks: Iterable<Uint8Array>): LineIndex {
  const scanner = new LineScanner()
  const index = new LineIndex()
  for (const chunk of chunks) {
    scanner.push(chunk)
    index.add(scanner.take(false))
  }
  index.add(scanner.take(true))
  return index
}

function opened(bytes: Uint8Array, pieces = 1_000) {
  const index = indexed(inPieces(bytes, pieces))
  const read: ReadBytes = async (from, to) => bytes.slice(from, to)
  return { index, store: new LineStore(index, read, () => {}) }
}

async function lineAt(store: LineStore, line: number) {
  store.want(line, line)
  return await vi.waitUntil(() => store.get(line), { interval: 1 })
}

describe('lines', () => {
  test('each is what stands between two line ends, wherever chunks and blocks are cut', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .map(text => text.replaceAll(/[\r\n\uFEFF]/g, ''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 60 }),
        fc.boolean(),
        fc.nat(200),
        async (lines, ends, size) => {
          const text = lines.join('\n') + (ends ? '\n' : '')
          const expected = text.endsWith('\n')
            ? text.slice(0, -1).split('\n')
            : text === ''
              ? []
              : text.split('\n')
          const { index, store } = opened(bytesOf(text), size + 1)
          expect(index.lines).toBe(expected.length)
          for (const [place, each] of expected.entries()) {
            expect((await lineAt(store, place)).text).toBe(each.toWellFormed())
          }
        },
      ),
    )
  })

  test('letters of several bytes are whole at the seam of two blocks', async () => {
    const lines = Array.from({ length: 9_000 }, (_, n) => `${n} für 5 € 🦦`)
    const { index, store } = opened(bytesOf(lines.join('\n')), 777)
    expect(index.block(1).start).toBeGreaterThan(0)
    const { before } = index.block(1)
    for (const line of [0, before - 1, before, before + 1, 8_999]) {
      expect((await lineAt(store, line)).text).toBe(lines[line])
    }
  })

  test('a line of many megabytes is read only to its head, and on demand up to a limit', async () => {
    const long = `${'ü'.repeat(3_000_000)}!`
    const bytes = bytesOf(`before\n${long}\nafter`)
    const index = indexed(inPieces(bytes, 65_536))
    const asked: number[] = []
    const read: ReadBytes = async (from, to) => {
      asked.push(to - from)
      return bytes.slice(from, to)
    }
    const store = new LineStore(index, read, () => {})
    const line = await lineAt(store, 1)
    expect(line).toEqual({ text: 'ü'.repeat(SHOWN), start: 7, bytes: 6_000_002, cut: true })
    expect((await lineAt(store, 2)).text).toBe('after')
    expect(Math.max(...asked)).toBeLessThan(2 * BLOCK)
    expect(await store.whole(line, AbortSignal.timeout(10_000))).toBe('ü'.repeat(MOST_OF_A_LINE / 2))
  })

  test('a line that is cut short is whole where somebody asks for it', async () => {
    const long = `${'x'.repeat(50_000)} end`
    for (const text of [`a\n${long}\r\nb`, `a\n${long}`]) {
      const { store } = opened(bytesOf(text))
      expect(await store.whole(await lineAt(store, 1), AbortSignal.timeout(10_000))).toBe(long)
    }
  })

  test('in a text of a gigabyte any line is one small read away, and what is kept stays small', async () => {
    // The same megabyte, a thousand times; nothing of it is ever there as a whole.
    const lines = Array.from({ length: 2 ** 14 }, (_, n) => `${n} ${'.'.repeat(62 - `${n}`.length)}`)
    const part = bytesOf(`${lines.join('\n')}\n`)
    expect(part.length).toBe(2 ** 20)
    const size = 1_000 * part.length
    let most = 0
    const read: ReadBytes = async (from, to) => {
      most = Math.max(most, to - from)
      return Uint8Array.from({ length: to - from }, (_, at) => part[(from + at) % part.length]!)
    }
    const index = indexed(Array.from({ length: 1_000 }, () => part))
    const store = new LineStore(index, read, () => {})
    expect([index.lines, index.bytes, index.done]).toEqual([16_384_000, size, true])
    for (let line = 0; line < index.lines; line += 500_009) {
      expect((await lineAt(store, line)).text).toBe(lines[line % lines.length])
    }
    expect(most).toBeLessThanOrEqual(2 * BLOCK)
    expect(store.keptBlocks).toBeLessThanOrEqual(64)
  })

  test('what nobody looks at any more is not read on', async () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `line ${n} of a text with many blocks`)
    const index = indexed([bytesOf(lines.join('\n'))])
    const signals: AbortSignal[] = []
    const read: ReadBytes = (_, __, signal) => {
      signals.push(signal)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const failed = vi.fn()
    const store = new LineStore(index, read, failed)
    store.want(0, 10)
    store.want(99_000, 99_010)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false, false])
    store.stop()
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
    expect(failed).not.toHaveBeenCalled()
  })
})

describe('the search', () => {
  const found = (text: string, query: Partial<Query>, pieces = 7) => {
    const search = new LineSearch({ text: '', isExpression: false, matchCase: false, ...query })
    for (const chunk of inPieces(bytesOf(text), pieces)) search.push(chunk)
    search.end()
    return search.take()
  }
  const TEXT = 'Alpha\nbeta ALPHA alpha\n\ngamma (x+y)\r\nÜber 🦦\nalp\nha'

  test('finds the same lines wherever the chunks are cut, each once', () => {
    for (const pieces of [1, 2, 3, 5, 1_000]) {
      expect(found(TEXT, { text: 'alpha' }, pieces)).toEqual([1, 2])
      expect(found(TEXT, { text: 'alpha', matchCase: true }, pieces)).toEqual([2])
      expect(found(TEXT, { text: 'über 🦦' }, pieces)).toEqual([5])
      expect(found(TEXT, { text: 'ha' }, pieces)).toEqual([1, 2, 7])
    }
  })

  test('takes a text by its letters, an expression by its meaning, and neither over a line’s end', () => {
    expect(found(TEXT, { text: '(x+y)' })).toEqual([4])
    expect(found(TEXT, { text: 'x.y', isExpression: true })).toEqual([4])
    expect(found(TEXT, { text: '^al', isExpression: true })).toEqual([1, 6])
    expect(found(TEXT, { text: 'alp\\s*ha', isExpression: true })).toEqual([1, 2])
    expect(found(TEXT, { text: '[^q]+$', isExpression: true })).toEqual([1, 2, 4, 5, 6, 7])
  })

  test('agrees with looking at each line by itself', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 200 })
    const wanted = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(letters, wanted, fc.integer({ min: 1, max: 50 }), (text, wanted, pieces) => {
        const lines = text.split('\n').flatMap((line, at) => (line.includes(wanted) ? [at + 1] : []))
        expect(found(text, { text: wanted }, pieces)).toEqual(lines)
      }),
    )
  })

  test('finds what lies across the pieces in which an endless line is searched, and counts the line once', () => {
    const text = `${'-'.repeat(2 ** 20 - 3)}needle${'-'.repeat(2 ** 20)}needle\nneedle`
    expect(found(text, { text: 'needle' }, 65_536)).toEqual([1, 2])
  })

  test('ends where there are more matches than anybody goes through', () => {
    const search = new LineSearch({ text: 'x', isExpression: false, matchCase: true })
    search.push(bytesOf('x\n'.repeat(MOST_MATCHES + 10)))
    expect([search.isFull, search.take().length]).toEqual([true, MOST_MATCHES])
  })

  test('goes on at the other end beyond the last match', () => {
    const lines = [3, 7, 20]
    expect([0, 3, 5, 7, 20].map(line => matchFrom(lines, line, 1))).toEqual([3, 7, 7, 20, 3])
    expect([0, 3, 5, 7, 21].map(line => matchFrom(lines, line, -1))).toEqual([20, 20, 3, 3, 20])
    expect(matchFrom([], 5, 1)).toBeNull()
  })
})

describe('the scroll bar', () => {
  const VIEW = 800

  test('is never taller than browsers can lay out, and reaches both ends and all between', () => {
    for (const lines of [0, 10, 399_999, 400_001, 20_000_000]) {
      const map = scrollMap(lines * 20, VIEW)
      expect(map.height).toBeLessThanOrEqual(TALLEST)
      const end = Math.max(0, map.height - VIEW)
      expect(map.toText(0)).toBe(0)
      expect(map.toText(end)).toBeCloseTo(Math.max(0, lines * 20 - VIEW), 3)
      for (let scroll = 0; scroll <= end; scroll += end / 50 + 1) {
        expect(map.toScroll(map.toText(scroll))).toBeCloseTo(scroll, 3)
      }
    }
  })

  test('moves pixel for pixel near both ends of the longest text', () => {
    const map = scrollMap(400_000_000, VIEW)
    const end = TALLEST - VIEW
    expect(map.toText(500_100) - map.toText(500_000)).toBe(100)
    expect(map.toText(end - 500_000) - map.toText(end - 500_100)).toBe(100)
  })
})

describe('a line', () => {
  test('shows what was redacted and what was found, also where one lies in the other', () => {
    const text = 'to [REDACTED:email] from [ipv4:3fa2b1]'
    const segments = segmentsOf(text, { pattern: /red|from/gi, most: 10 })
    expect(segments.map(segment => segment.text).join('')).toBe(text)
    expect(segments.filter(({ isHit }) => isHit).map(segment => segment.text)).toEqual(['RED', 'from'])
    expect(segments.filter(({ redacted }) => redacted).map(({ text, redacted }) => [text, redacted])).toEqual(
      [
        ['[', 'email'],
        ['RED', 'email'],
        ['ACTED:email]', 'email'],
        ['[ipv4:3fa2b1]', 'ipv4'],
      ],
    )
  })

  test('has the gravity that loggers give it, not that of its prose', () => {
    expect(gravityOf('2026-03-01 10:00:00 ERROR no connection')).toBe('error')
    expect(gravityOf('{"level":"error","msg":"x"}')).toBe('error')
    expect(gravityOf('time=… level=warning msg=x')).toBe('warn')
    expect(gravityOf('2026-03-01 DEBUG [x] y')).toBe('quiet')
    expect(gravityOf('INFO finished without any error')).toBeNull()
  })
})
