import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/pipelines/log-analysis/redaction/rule.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'
import { otherExamples } from './redaction-examples/everything-else.ts'
import { tokenExamples } from './redaction-examples/tokens.ts'

const SHORT = 12_000
const LONG = 4 * SHORT

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

/** Milliseconds of CPU, the best of several: what else runs on the machine only ever adds. */
function cost(search: Search, text: string): number {
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3; turn++) {
    const before = process.cpuUsage()
    search.find(text)
    const { user } = process.cpuUsage(before)
    best = Math.min(best, user / 1000)
  }
  return best
}

// Of a text four times as long a linear rule makes four times the work, a quadratic one sixteen times. Times below a few
// milliseconds say nothing, and a rule that stays below them has no problem at this length.
describe.for(rules.map(rule => [rule.name, rule] as const))('%s', ([, rule]) => {
  test('four times the text is no more than about four times the work, whatever is repeated', () => {
    const search = new Search([rule])
    for (const part of hostile(rule)) {
      const lead = `${rule.keywords[0]!.replaceAll('#', '1').replaceAll('%', 'a')} `
      const long = cost(search, lead + part.repeat(LONG / part.length))
      if (long < 15) continue
      const short = cost(search, lead + part.repeat(SHORT / part.length))
      expect(long / short, JSON.stringify(part)).toBeLessThan(9)
    }
  })
})

test('no rule overflows the stack on a line of a megabyte', () => {
  const search = new Search(rules)
  for (const part of ['password=a', 'token="a', 'key=\\a', 'a=b; ', 'Cookie: a=bbbb; ', 'digest a="b", '])
    expect(() => search.find(part + part.slice(-1).repeat(1_000_000)), part).not.toThrow()
})
