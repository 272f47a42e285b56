import { describe, expect, test } from 'vitest'
import { fixedMark } from '../../src/pipelines/log-analysis/redaction/marks.ts'
import { Redactor } from '../../src/pipelines/log-analysis/redaction/redactor.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'
import { otherExamples } from './redaction-examples/everything-else.ts'
import type { Example } from './redaction-examples/example.ts'
import { tokenExamples } from './redaction-examples/tokens.ts'

const examples: Readonly<Record<string, Example>> = { ...tokenExamples, ...otherExamples }
const everything = new Search(rules)

/** What of `secret` is left uncovered, as a text with the covered parts as dots. */
function left(search: Search, text: string, secret: string): string {
  const from = text.indexOf(secret)
  const characters = Array.from({ length: secret.length }, (_, at) => secret[at]!)
  for (const span of search.find(text).spans)
    for (let at = Math.max(from, span.start); at < Math.min(from + secret.length, span.end); at++)
      characters[at - from] = '·'
  return characters.join('')
}

test('every rule has examples, and every example has a rule', () => {
  expect(Object.keys(examples).sort()).toEqual(rules.map(rule => rule.name).sort())
})

describe.for(rules.map(rule => [rule.name, rule] as const))('%s', ([name, rule]) => {
  const { finds, leaves } = examples[name] ?? { finds: [], leaves: [] }
  const alone = new Search([rule])

  test('finds what it is for, whole, by itself and among all others', () => {
    expect(finds.length).toBeGreaterThan(0)
    for (const [line, secret] of finds) {
      expect(left(alone, line, secret), line).toBe('·'.repeat(secret.length))
      expect(left(everything, line, secret), line).toBe('·'.repeat(secret.length))
    }
  })

  test('leaves what only looks like it', () => {
    expect(leaves.length).toBeGreaterThan(0)
    for (const line of leaves)
      expect(
        alone.find(line).spans.map(span => line.slice(span.start, span.end)),
        line,
      ).toEqual([])
  })

  test('finds the same wherever a chunk ends', () => {
    for (const [line] of finds) {
      const text = `before\n${line}\nafter\n`
      const whole = redact(text, [])
      for (let cut = 1; cut < text.length; cut++) expect(redact(text, [cut]), `cut at ${cut}`).toBe(whole)
    }
  })

  test('finds the same wherever a piece of an endless line is cut', () => {
    for (const [line, secret] of finds) {
      if (line.includes('\n')) continue
      const expected = redact(line, [])
      // Small pieces stand for those of 1 MiB. The secret is slid over where the first one ends, and over where it is cut.
      const pieces = { length: 4096, overlap: 2048 }
      for (const seam of [pieces.length - pieces.overlap, pieces.length]) {
        for (let at = 0; at < line.length + 2; at += 1 + Math.floor(line.length / 60)) {
          const before = '. '.repeat(seam / 2).slice(0, seam - at)
          const text = `${before} ${line} ${'. '.repeat(3000)}`
          const redactor = new Redactor(everything, fixedMark, pieces)
          let out = ''
          for (let from = 0; from < text.length; from += pieces.length)
            out += redactor.push(text.slice(from, from + pieces.length))
          out += redactor.end()
          expect(out, `${at} characters before ${seam}`).not.toContain(secret)
          expect(out.slice(before.length + 1, before.length + 1 + expected.length)).toBe(expected)
        }
      }
    }
  })
})

function redact(text: string, cuts: readonly number[]): string {
  const redactor = new Redactor(everything, fixedMark)
  let out = ''
  let at = 0
  for (const cut of [...cuts, text.length]) {
    out += redactor.push(text.slice(at, cut))
    at = cut
  }
  return out + redactor.end()
}
