import { expect, test } from 'vitest'
import { KeywordScanner } from '../../src/pipelines/log-analysis/redaction/keyword-scanner.ts'

function scan(sets: readonly (readonly string[])[], text: string, from = 0) {
  const lines: { line: string; sets: number[]; firsts: number[] }[] = []
  new KeywordScanner(sets).scan(text, from, (start, end, found, firsts) =>
    lines.push({
      line: text.slice(start, end),
      sets: [...found].sort(),
      firsts: [...found].sort().map(set => firsts[set]! - start),
    }),
  )
  return lines
}

test('a line is visited with the rules whose keywords it holds, in any case, and where the first one ends', () => {
  expect(scan([['token', 'key'], ['ghp_']], 'none\nmy GHP_ Key token\nnone\nkey')).toEqual([
    { line: 'my GHP_ Key token', sets: [0, 1], firsts: [10, 6] },
    { line: 'key', sets: [0], firsts: [2] },
  ])
})

test('keywords that overlap, or stand in one another, are all found', () => {
  const sets = [['password'], ['pass'], ['word'], ['sword'], ['ssw']]
  expect(scan(sets, 'a password')[0]!.sets).toEqual([0, 1, 2, 3, 4])
})

test('# is a digit, % a hexadecimal one, and a line end the beginning or the end of a line', () => {
  const sets = [['#.#'], ['%%:%%'], ['\ns.'], [':\n']]
  expect(scan(sets, '1.2').map(one => one.sets)).toEqual([[0]])
  expect(scan(sets, 'x.y fF:0a').map(one => one.sets)).toEqual([[1]])
  expect(scan(sets, 's.a\n s.b\ns.c').map(one => one.line)).toEqual(['s.a', 's.c'])
  expect(scan(sets, 'a: b\nc:\nd').map(one => one.line)).toEqual(['c:'])
})

test('characters beyond Latin-1 hide no keyword, and make no line end', () => {
  // U+010A has the low byte of a line end.
  expect(scan([['key']], 'ŁĊ key ĊŁ\nx')).toEqual([{ line: 'ŁĊ key ĊŁ', sets: [0], firsts: [5] }])
})

test('a keyword across the beginning counts, one before it does not', () => {
  expect(scan([['key']], 'a key and more', 4)).toEqual([{ line: 'y and more', sets: [0], firsts: [0] }])
  expect(scan([['key']], 'a key and more', 5)).toEqual([])
})

test('against the plain way of looking, on random text of few letters', () => {
  const sets = [['ab', 'ba#'], ['aab', '%%%'], ['b.a'], ['#a'], ['aaaa']]
  const plain = sets.map(set =>
    set.map(
      one => new RegExp(one.replaceAll('.', '\\.').replaceAll('#', '\\d').replaceAll('%', '[\\da-f]'), 'i'),
    ),
  )
  let state = 7
  for (let turn = 0; turn < 400; turn++) {
    let text = ''
    for (let at = 0; at < 40; at++) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      text += 'abAB1.g\n'[Math.floor(state / 65_536) % 8]
    }
    const expected = text
      .split('\n')
      .map(line => ({
        line,
        sets: plain.flatMap((set, at) => (set.some(one => one.test(line)) ? [at] : [])),
      }))
      .filter(one => one.sets.length > 0)
    expect(scan(sets, text).map(({ line, sets }) => ({ line, sets }))).toEqual(expected)
  }
})

test('a keyword beyond ASCII is refused', () => {
  expect(() => new KeywordScanner([['schlüssel']])).toThrow('only ASCII is told apart')
})
