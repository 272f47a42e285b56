import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/pipelines/log-analysis/redaction/rule.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'
import { otherExamples } from './redaction-examples/everything-else.ts'
import { tokenExamples } from './redaction-examples/tokens.ts'

const SHORT = 12_000
const TIMES = 8
/** Milliseconds. A rule that stays below has no problem at this length; a quadratic one takes hundreds, or thousands. */
const NOTHING = 30
const ROUNDS = 5

/** What text is made of that makes a careless pattern start over and over: its own beginnings, and what they go on with. */
function hostile(rule: Rule): string[] {
  const spelled = [...new Set(rule.keywords)]
    .slice(0, 3)
    .map(keyword => keyword.replaceAll('#', '1').replaceAll('%', 'a').replaceAll('\n', ''))
  const [line, secret] = { ...tokenExamples, ...otherExamples }[rule.name]!.finds[0]!
  const lead = line.slice(0, line.indexOf(secret))
  const half = secret.slice(0, Math.ceil(secret.length / 2))
  const beginnings = [...spelled, lead.slice(-20) + half, half]
  return [
    ...beginnings,
    ...beginnings.flatMap(one => [`${one} `, `${one}=`, `${one}"`, `${one}.`, `${one}:`]),
    ...['a', '1', 'aA1', '-', '.', ' ', '=', '"', "\\'", ':', '%', 'a.', 'a@', '1 ', '+1 ', 'ab:'],
  ]
}

/** Milliseconds of this thread's own: neither others' work nor waiting for a processor counts. */
function cost(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/**
 * Compares as much text in one piece and in `TIMES` pieces: a linear rule has the same work with both, on any machine;
 * a quadratic one has `TIMES` times as much with the one piece. Both take long enough for the clock's steps to matter
 * little, and what a busy machine adds all the same, by its caches, it adds to both. It would have to meet the one piece
 * alone, and threefold, in every round.
 */
function growsFaster(search: Search, lead: string, part: string): boolean {
  const text = (length: number) => lead + part.repeat(length / part.length)
  const long = text(TIMES * SHORT)
  const inOnePiece = () => cost(() => void search.find(long))
  if (inOnePiece() < NOTHING) return false
  const short = text(SHORT)
  const inPieces = () =>
    cost(() => {
      for (let piece = 0; piece < TIMES; piece++) search.find(short)
    })
  // Half way between the two, as ratios go.
  const bound = Math.sqrt(TIMES)
  for (let round = 0; round < ROUNDS; round++) if (inOnePiece() < bound * inPieces()) return false
  return true
}

describe.for(rules.map(rule => [rule.name, rule] as const))('%s', ([, rule]) => {
  test('eight times the text is no more than about eight times the work, whatever is repeated', () => {
    const search = new Search([rule])
    const lead = `${rule.keywords[0]!.replaceAll('#', '1').replaceAll('%', 'a')} `
    for (const part of hostile(rule))
      expect(growsFaster(search, lead, part), JSON.stringify(part)).toBe(false)
  })
})

test('no rule overflows the stack on a line of a megabyte', () => {
  const search = new Search(rules)
  for (const part of ['password=a', 'token="a', 'key=\\a', 'a=b; ', 'Cookie: a=bbbb; ', 'digest a="b", '])
    expect(() => search.find(part + part.slice(-1).repeat(1_000_000)), part).not.toThrow()
})
