import { describe, expect, test } from 'vitest'
import { fixedMark, pseudonymMark } from '../../src/pipelines/log-analysis/redaction/marks.ts'
import { Redactor } from '../../src/pipelines/log-analysis/redaction/redactor.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'

const search = new Search(rules)

function redact(text: string): string {
  const redactor = new Redactor(search, fixedMark)
  return redactor.push(text) + redactor.end()
}

const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJhIn0.${'aB3-_'.repeat(8)}`

describe('what is redacted', () => {
  test.for([
    ['mail to mara.lindqvist+x@mail.example.co.uk, please', 'mail to [REDACTED:email], please'],
    ['<ops@example.com>', '<[REDACTED:email]>'],
    ['user=ops@example.com;', 'user=[REDACTED:email];'],
    ['jürgen@müller.example', '[REDACTED:email]'],
    ['from 203.0.113.9 port 22', 'from [REDACTED:ipv4] port 22'],
    [
      'src: /10.250.19.102:54106 dest: host/10.0.0.1:80',
      'src: /[REDACTED:ipv4]:54106 dest: host/[REDACTED:ipv4]:80',
    ],
    ['rhost=218.188.2.4.', 'rhost=[REDACTED:ipv4].'],
    ['card 4111 1111 1111 1111 ok', 'card [REDACTED:credit_card] ok'],
    ['card=5555555555554444', 'card=[REDACTED:credit_card]'],
    ['amex 3782-822463-10005', 'amex [REDACTED:credit_card]'],
    [`cookie ${JWT}`, 'cookie [REDACTED:jwt]'],
    ['https://bob:s3cr@t@db.example.com/x', 'https://[REDACTED:url_credentials]@db.example.com/x'],
    [
      'db=postgres://app:p-w!9@db.example.com:5432/x',
      'db=postgres://[REDACTED:url_credentials]@db.example.com:5432/x',
    ],
    ['ftp://x:y@203.0.113.9/', 'ftp://[REDACTED:url_credentials]@[REDACTED:ipv4]/'],
    ['redis://:hunter2@cache:6379/0', 'redis://[REDACTED:url_credentials]@cache:6379/0'],
    ['password=hunter2', 'password=[REDACTED:password]'],
    ['Password: hunter2', 'Password: [REDACTED:password]'],
    ['DB_PASSWD="two words" next', 'DB_PASSWD="[REDACTED:password]" next'],
    ["pwd => 'x y z'", "pwd => '[REDACTED:password]'"],
    ['{"password":"a \\"quoted\\" one","n":1}', '{"password":"[REDACTED:password]","n":1}'],
    ['{\\"password\\":\\"hunter2\\",\\"n\\":1}', '{\\"password\\":\\"[REDACTED:password]\\",\\"n\\":1}'],
    [
      '{"client_secret": "9f8e7d6c", "ok": true}',
      '{"client_secret": "[REDACTED:generic_api_key]", "ok": true}',
    ],
    ['{user=bob, password=hunter2}', '{user=bob, password=[REDACTED:password]}'],
    ['GET /x?api_key=abc123def&page=2', 'GET /x?api_key=[REDACTED:generic_api_key]&page=2'],
    ['accessToken: ab12cd34ef', 'accessToken: [REDACTED:generic_api_key]'],
    [
      'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY',
      'aws_secret_access_key = [REDACTED:generic_api_key]',
    ],
    ['password="never closed', 'password="[REDACTED:password] closed'],
    ['Authorization: Basic bWFyYTpzZWNyZXQ=', 'Authorization: Basic [REDACTED:authorization]'],
    ['"authorization":"Bearer abcdefgh12345678"', '"authorization":"Bearer [REDACTED:authorization]"'],
    ['sent bearer abcdefgh12345678 to', 'sent bearer [REDACTED:authorization] to'],
    [`key AKIA${'Q7RZ2XN5KD3WVB6T'}`, 'key [REDACTED:aws_access_key]'],
  ] as const)('%s', ([line, expected]) => {
    expect(redact(line)).toBe(expected)
  })
})

describe('what is left alone', () => {
  test.for([
    'blk_-1608999687919862906 of size 67108864',
    'blk_4111111111111111 replicated',
    '550e8400-e29b-41d4-a716-446655440000',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'version 10.2.3.4, v1.2.3.4, amd64~~6.1.1.3, build: 4.3.2.1',
    'oid 1.3.6.1.4.1.311',
    '999.1.1.1',
    '2024-03-07 10:00:00.123 at 1709805601250',
    'order 4111111111111112 is no card',
    'com.example.Token@1f2e3d and QuorumCnxManager$Listener@493',
    'wtoken = AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0',
    'started getty@tty1.service',
    'Failed password for root from port 22',
    'token_count=5 tokens: 128 tokenizer=bpe',
    'password=null secret=*** token=${TOKEN}',
    'Unexpected token: identifier',
    'authorization: required',
    'spark://CoarseGrainedScheduler@driver:48069',
    'http://example.com:8080/a@b',
  ])('%s', line => {
    expect(redact(line)).toBe(line)
  })
})

test('every rule has a name of its own, a global pattern, and keywords in lower case', () => {
  expect(new Set(rules.map(rule => rule.name)).size).toBe(rules.length)
  for (const rule of rules) {
    expect(rule.pattern.flags, rule.name).toContain('g')
    expect(rule.keywords.length, rule.name).toBeGreaterThan(0)
    for (const keyword of rule.keywords) expect(keyword).toBe(keyword.toLowerCase())
  }
})

describe('pseudonyms', () => {
  const mark = pseudonymMark('a key')

  test('the same value gets the same one, another value or kind or key another', () => {
    expect(mark('email', 'a@example.com')).toMatch(/^\[email:[0-9a-f]{6}\]$/)
    expect(mark('email', 'a@example.com')).toBe(pseudonymMark('a key')('email', 'a@example.com'))
    expect(mark('email', 'b@example.com')).not.toBe(mark('email', 'a@example.com'))
    expect(pseudonymMark('other')('email', 'a@example.com')).not.toBe(mark('email', 'a@example.com'))
  })

  test('more values than are remembered change nothing', () => {
    const first = mark('ipv4', 'value')
    for (let n = 0; n < 25_000; n++) mark('ipv4', `other ${n}`)
    expect(mark('ipv4', 'value')).toBe(first)
  })
})
