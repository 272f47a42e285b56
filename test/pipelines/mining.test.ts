import { describe, expect, test } from 'vitest'
import { Drain, MOST_TEMPLATES } from '../../src/pipelines/log-analysis/mining/drain.ts'
import { mask } from '../../src/pipelines/log-analysis/mining/mask.ts'
import { TemplateTable } from '../../src/pipelines/log-analysis/mining/template-table.ts'

/** The templates, each once, in the order of first appearance. */
function mined(messages: readonly string[]): string[] {
  const drain = new Drain()
  const templates = messages.map(message => drain.add(message))
  return [...new Set(templates.map(template => drain.wordingOf(template)))]
}

/** A different word for each number, without a digit. */
function word(n: number): string {
  return n.toString(26).replace(/\d/g, digit => 'qrstuvwxyz'[Number(digit)]!)
}

describe('masking', () => {
  test.for([
    [
      'a number, its sign, decimals, groups',
      'took -3 of 1,024 at 0.5 and +7',
      'took <*> of <*> at <*> and <*>',
    ],
    ['a number with its unit', '35ms 12KB 5s 80% 10us', '<*> <*> <*> <*> <*>'],
    ['a size, whichever unit it has grown to', 'size 93.0 B, free 4.2 KB', 'size <*>, free <*>'],
    ['an address and its port', 'from 10.251.73.220:50010', 'from <*>'],
    ['hexadecimal', '0x1f 0XFF 6f72f614dcd8', '<*> <*> <*>'],
    [
      'a UUID, also one whose groups look like numbers',
      '550e8400-e29b-41d4-a716-446655440000 12345678-1234-1234-1234-123456789012',
      '<*> <*>',
    ],
    ['a date in words', 'at Mon Jun 20 03:40:59 2005 and Dec  4', 'at <*> and <*>'],
    ['an id behind its prefix', 'blk_-1608999687919862906 task_0.1', 'blk_<*> task_<*>'],
    ['what redaction left', '[REDACTED:ipv4]:80 [email:1f2e3d]', '<*>:<*> <*>'],
  ] as const)('masks %s', ([, message, masked]) => {
    expect(mask(message)).toBe(masked)
  })

  test.for([
    'jk2_init() found KB3149090 and utf8',
    'page-two of x86 in en-US, v2beta',
    'March hares May sleep',
    'deadbeef and decade',
    'list[index] [REDACTED:] [Email:zzzzzz]',
    '',
  ])('leaves names as they are: %s', message => {
    expect(mask(message)).toBe(message)
  })
})

describe('templates', () => {
  test('what turns out to vary becomes a wildcard, and what it had told apart becomes one', () => {
    const users = ['alice', 'bob', 'carol', 'dave', 'erin']
    expect(mined(users.map(user => `session of ${user} began from the office network`))).toEqual([
      'session of <*> began from the office network',
    ])
  })

  test('a column of few words is wording: each of its words has a template of its own', () => {
    expect(mined(['unit 1 has been started', 'unit 2 has been stopped', 'unit 3 has been started'])).toEqual([
      'unit <*> has been started',
      'unit <*> has been stopped',
    ])
  })

  test('what is no word is data at once', () => {
    expect(mined(['read the file /etc/hosts', 'read the file /etc/group'])).toEqual(['read the file <*>'])
  })

  test('a value without a key in common is no reason to forget the key', () => {
    expect(
      mined(['login denied rhost=a.example.net user=root', 'login denied rhost=b.example.org user=root']),
    ).toEqual(['login denied rhost=<*> user=root'])
  })

  test('messages of different wording stay apart, however many numbers they share', () => {
    expect(mined(['disk full on node', 'link lost on node'])).toHaveLength(2)
    expect(mined(['1 2 3 4 5 6 up', '1 2 3 4 5 6 /var/down'])).toHaveLength(2)
  })

  test('lists of any length have one template', () => {
    const list = (length: number) => Array.from({ length }, (_, n) => `blk_${n}`).join(' ')
    expect(mined([1, 2, 3, 90].map(length => `ask to delete ${list(length)}`))).toEqual([
      'ask to delete blk_<*>',
    ])
  })

  test('whatever the spacing, a message has one template; one without words has one, too', () => {
    expect(mined(['link  is \t down', 'link is down ', ' link is down'])).toEqual(['link is down'])
    expect(mined(['', '   '])).toEqual([''])
  })

  test('more wordings than are kept apart share one template, in all and in a leaf', () => {
    const wording = (n: number) => `${word(n * 7)} ${word(n * 13)} ${word(n * 31)}`
    const spread = new Drain()
    for (let n = 0; n < MOST_TEMPLATES + 500; n++) {
      spread.add(
        `${word(n % 90)} ${word(Math.floor(n / 90) % 90)} ${wording(n)} ${word(n * 3)}.x ${word(n * 5)}.y ${word(n * 17)}.z`,
      )
    }
    expect(spread.templates.length).toBe(MOST_TEMPLATES + 1)
    const heaped = new Drain()
    for (let n = 0; n < MOST_TEMPLATES; n++)
      heaped.add(`always so ${wording(n)} ${word(n * 3)} ${word(n * 5)}`)
    expect(heaped.templates.length).toBeLessThan(200)
  })

  test('a message longer than any wording has a template all the same', () => {
    const long = Array.from({ length: 400 }, (_, n) => word(n)).join(' ')
    const [template] = mined([long])
    expect(template!.split(' ')).toHaveLength(128)
    expect(template!.endsWith(' <*>')).toBe(true)
  })
})

describe('the table of templates', () => {
  function filled(messages: readonly string[], fileOf: (n: number) => string = () => 'a.log') {
    const table = new TemplateTable()
    const places = messages.map((message, n) =>
      table.add({
        message,
        line: message,
        file: fileOf(n),
        artifact: `redacted/${fileOf(n)}`,
        lineNumber: n + 1,
        time: n * 1e3,
        level: n === 5 ? 'error' : 'info',
      }),
    )
    return { places, ...table.templates() }
  }

  test('counts add up when templates become one, and every place still has an id', () => {
    const messages = Array.from(
      { length: 300 },
      (_, n) => `${word(n % 10)} user ${word(n)} joined the room ${word(n % 3)}`,
    )
    const { places, templates, idOf } = filled(messages)
    expect(templates.reduce((sum, template) => sum + template.count, 0)).toBe(300)
    expect(new Set(templates.map(template => template.template)).size).toBe(templates.length)
    const ids = new Set(templates.map(template => template.id))
    for (const place of places) expect(ids).toContain(idOf(place))
  })

  test('names the file of the first and of the last entry, also of one that was told apart at first', () => {
    const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'alice']
    const { templates } = filled(
      users.map(user => `session of ${user} began`),
      n => (n < 3 ? 'first.log' : 'second.log'),
    )
    expect(templates).toEqual([
      {
        id: 't1',
        template: 'session of <*> began',
        count: 6,
        level: 'error',
        firstFile: 'first.log',
        firstArtifact: 'redacted/first.log',
        firstLine: 1,
        lastFile: 'second.log',
        lastArtifact: 'redacted/second.log',
        lastLine: 6,
        firstTimestamp: '1970-01-01T00:00:00.000Z',
        lastTimestamp: '1970-01-01T00:00:05.000Z',
        example: 'session of alice began',
      },
    ])
  })
})
