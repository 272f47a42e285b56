import { describe, expect, test } from 'vitest'
import { fixedMark } from '../../src/pipelines/log-analysis/redaction/marks.ts'
import { OVERLAP, PIECE, Redactor } from '../../src/pipelines/log-analysis/redaction/redactor.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'

const search = new Search(rules)

function redact(text: string, chunkSize = text.length || 1) {
  const redactor = new Redactor(search, fixedMark)
  let out = ''
  for (let at = 0; at < text.length; at += chunkSize) out += redactor.push(text.slice(at, at + chunkSize))
  return { out: out + redactor.end(), found: redactor.found }
}

const SECRETS = [
  ['mara.lindqvist@example.com', 'mara.lindqvist@example.com'],
  ['card 4111 1111 1111 1111 .', '4111 1111 1111 1111'],
  ['password="hunter2 and more"', 'hunter2 and more'],
  ['postgres://app:Wint3r-Harbour@db/x', 'Wint3r-Harbour'],
  [`Bearer ${'Ab1-'.repeat(12)}`, 'Ab1-'.repeat(12)],
  ['to 203.0.113.77 .', '203.0.113.77'],
] as const

const KEY = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'MIIEowIBAAKCAQEAx1y2z3',
  'Zm9vYmFyYmF6cXV4',
  '-----END RSA PRIVATE KEY-----',
]

describe('seams', () => {
  test.for(SECRETS)('%s: found wherever a chunk ends', ([planted, secret]) => {
    const text = `before\nline with ${planted} in it\nafter\n`
    const whole = redact(text).out
    expect(whole).not.toContain(secret)
    for (let chunkSize = 1; chunkSize < text.length; chunkSize++)
      expect(redact(text, chunkSize).out).toBe(whole)
  })

  test.for(SECRETS)('%s: found wherever a piece of an endless line ends', ([planted, secret]) => {
    const tail = ' lorem ipsum'.repeat(12_000)
    // A piece is cut OVERLAP before its end, or earlier: slide finely across that cut, coarsely across the rest.
    const cut = PIECE - OVERLAP
    const places = [
      ...Array.from({ length: 60 }, (_, step) => cut - 165 + step * 3),
      ...Array.from({ length: 12 }, (_, step) => cut + step * 6_006),
    ]
    for (const at of places) {
      const text = `${'-'.repeat(at)} ${planted}${tail}`
      const { out, found } = redact(text, PIECE)
      expect(out).not.toContain(secret)
      expect(out.length).toBe(redact(` ${planted}`).out.length + at + tail.length)
      expect(Object.values(found.kinds)).toEqual([1])
    }
  })

  test('a secret longer than a piece leaves nothing, and what follows it stays', () => {
    const { out } = redact(`start password=${'x7'.repeat(PIECE)} end of line\nnext line\n`, 100_000)
    expect(out).not.toContain('x7x7')
    expect(out).toContain('start password=[REDACTED:password]')
    expect(out.endsWith(' end of line\nnext line\n')).toBe(true)
  })

  test('an endless line comes out as it went in, and no character of two units is torn', () => {
    const text = `${'x🥊'.repeat(PIECE)}\n`
    const redactor = new Redactor(search, fixedMark)
    let out = ''
    for (let at = 0; at < text.length; at += 90_000) {
      const part = redactor.push(text.slice(at, at + 90_000))
      expect(part.isWellFormed()).toBe(true)
      out += part
    }
    expect(out + redactor.end()).toBe(text)
  })

  test('what stands before a cut still counts as context after it', () => {
    for (let at = PIECE - OVERLAP - 24; at < PIECE - OVERLAP + 4; at++) {
      const text = `${'-'.repeat(at)} package~amd64~~6.1.1.3 ${'- '.repeat(OVERLAP)}`
      expect(redact(text, PIECE).out).toBe(text)
    }
  })

  test('what lies far behind the first piece is still found', () => {
    const { out } = redact(`${'word '.repeat(700_000)} ops@example.com ${'word '.repeat(300_000)}\n`, 65_536)
    expect(out).toContain(' [REDACTED:email] ')
    expect(out).not.toContain('ops@')
  })
})

describe('private keys', () => {
  test('each line of a block is a mark, and the block counts once', () => {
    for (const end of ['\n', '\r\n']) {
      const text = ['before', ...KEY, 'after', ''].join(end)
      const { out, found } = redact(text)
      expect(out).toBe(['before', ...KEY.map(() => '[REDACTED:private_key]'), 'after', ''].join(end))
      expect(found.kinds).toEqual({ private_key: 1 })
      expect(found.firstLines).toEqual({ private_key: 2 })
      for (let chunkSize = 1; chunkSize < text.length; chunkSize += 7)
        expect(redact(text, chunkSize).out).toBe(out)
    }
  })

  test.for([
    ['indented', (line: string) => `    ${line}`],
    ['behind a header of the log', (line: string) => `2024-03-07 10:00:00 INFO ${line}`],
    ['as a diff', (line: string) => `+${line}`],
  ] as const)('a block %s', ([, dress]) => {
    const { out } = redact([...KEY.map(dress), 'after'].join('\n'))
    for (const line of KEY.slice(1, 3)) expect(out).not.toContain(line)
    expect(out.split('\n')).toHaveLength(5)
    expect(out.endsWith('\nafter')).toBe(true)
  })

  test('a block in one line, its line ends written as \\n', () => {
    const { out, found } = redact(`{"key":"${KEY.join('\\n')}","n":1}`)
    expect(out).toBe('{"key":"[REDACTED:private_key]","n":1}')
    expect(found.kinds).toEqual({ private_key: 1 })
  })

  test('a block that breaks off does not swallow the rest of the log', () => {
    const rest = ['2024-03-07 10:00:00 INFO went on', 'and on'].join('\n')
    const { out } = redact([...KEY.slice(0, 2), rest].join('\n'))
    expect(out).toBe(['[REDACTED:private_key]', '[REDACTED:private_key]', rest].join('\n'))
  })

  test('public keys and certificates are left alone', () => {
    const text = '-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEAx1y2z3\n-----END CERTIFICATE-----\n'
    expect(redact(text).out).toBe(text)
  })
})

describe('counting', () => {
  test('kinds, rules, and the line of the first of each', () => {
    const { found } = redact(
      'x\na@example.com b@example.com\n\n10.1.2.3 password=hunter2\nc@example.com\n',
      5,
    )
    expect(found).toEqual({
      kinds: { email: 3, ipv4: 1, password: 1 },
      rules: { email: 3, ipv4: 1, 'password-value': 1 },
      firstLines: { email: 2, ipv4: 4, password: 4 },
    })
  })

  test('what two rules find is replaced once, and whole', () => {
    expect(redact('password=ops@example.com; done').out).toBe('password=[REDACTED:password]; done')
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJhIn0.c2lnbmF0dXJl'
    expect(redact(`sent bearer ${jwt}~tail9 on`).out).toBe('sent bearer [REDACTED:jwt] on')
  })

  test('characters that grow in lower case move nothing', () => {
    expect(redact('İİİİ PASSWORD=hunter2 İ').out).toBe('İİİİ PASSWORD=[REDACTED:password] İ')
  })

  test('a secret with characters that mean something to String.replace is gone whole', () => {
    expect(redact('password=a$$1$0b x').out).toBe('password=[REDACTED:password] x')
  })
})
