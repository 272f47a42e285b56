import { describe, expect, test } from 'vitest'
import { readStackTrace } from '../../src/pipelines/log-analysis/findings/stack-trace.ts'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { Finding, ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { generateLog, type Incident, type Plan } from '../support/log-generator.ts'
import { type GivenFile, StageJob } from '../support/stage-context.ts'

async function reportOf(...files: readonly GivenFile[]): Promise<{ report: ReportJson; job: StageJob }> {
  const job = new StageJob(files)
  await job.run(logAnalysis)
  return { report: job.json<ReportJson>('report.json'), job }
}

async function findingsIn(text: string): Promise<readonly Finding[]> {
  return (await reportOf({ name: 'shop.log', bytes: text })).report.findings
}

const KINDS: readonly Incident[] = [
  'exception',
  'error-burst',
  'first-seen',
  'gap',
  'restart',
  'secret-exposed',
]
const SEEDS = [1, 2, 3, 4, 5]

describe('on logs in which nothing happens', () => {
  const plans: readonly (readonly [string, Plan])[] = [
    ['busy', { entries: 6_000, every: 0.2 }],
    ['slow', { entries: 3_000, every: 120 }],
    ['with many errors at any time', { entries: 4_000, errorRate: 0.1 }],
    ['with hardly an error', { entries: 4_000, errorRate: 0.0005 }],
    ['short', { entries: 150 }],
  ]
  test.for(plans)('nothing is found: %s', async ([, plan]) => {
    for (let seed = 1; seed <= 12; seed++) {
      expect(await findingsIn(generateLog(seed, plan).text), `seed ${seed}`).toEqual([])
    }
  })

  test('a pause that is long only for one who waits is no gap', async () => {
    const at = (n: number) => Date.UTC(2024, 0, 1) + n * 10_000 + (n > 150 ? 120_000 : 0)
    const log = Array.from({ length: 300 }, (_, n) => `${new Date(at(n)).toISOString()} INFO step ${n}`)
    expect(await findingsIn(log.join('\n'))).toEqual([])
  })

  test('a start at the beginning is no restart, and a night without work no gap', async () => {
    const day = (n: number) =>
      generateLog(n, { entries: 400 }).text.replaceAll('2024-03-07', `2024-03-${10 + n}`)
    const week = [1, 2, 3, 4, 5]
      .map(day)
      .join('')
      .replaceAll(/.*Main : .*\n/g, '')
    expect(await findingsIn(week)).toEqual([])
  })
})

describe('what was planted is found where it is', () => {
  test.for(KINDS)('%s', async kind => {
    for (const seed of SEEDS) {
      const { text, planted } = generateLog(seed, { incidents: [kind] })
      const findings = await findingsIn(text)
      expect(
        findings.map(finding => [finding.kind, finding.line]),
        `seed ${seed}`,
      ).toContainEqual([kind, planted.get(kind)])
    }
  })

  test('all at once: each, and little else', async () => {
    for (const seed of SEEDS) {
      const { text } = generateLog(seed, { entries: 8_000, incidents: KINDS })
      const kinds = (await findingsIn(text)).map(finding => finding.kind)
      expect(new Set(kinds), `seed ${seed}`).toEqual(new Set(KINDS))
      expect(kinds.length, `seed ${seed}`).toBeLessThanOrEqual(8)
    }
  })
})

describe('each finding', async () => {
  const { text } = generateLog(7, { entries: 8_000, incidents: KINDS })
  const { report, job } = await reportOf({ name: 'shop.log', bytes: text })
  const lines = job.text('redacted/shop.log').split('\n')

  test('has a title, a sentence, a file, a line that holds what it is about, and a template of the report', () => {
    const templates = new Map(report.templates.map(template => [template.id, template]))
    for (const finding of report.findings) {
      expect(finding.title).toMatch(/^[^\n]{8,100}$/)
      expect(finding.detail).toMatch(/^[A-Z“\d].*\.$/)
      expect(finding.file).toBe('shop.log')
      const template = templates.get(finding.templateId!)!
      const words = template.template.split('<*>').map(part => part.trim())
      for (const word of words) expect(lines[finding.line - 1], finding.title).toContain(word)
    }
  })

  test('comes in the order of its gravity', () => {
    const gravity = report.findings.map(({ severity }) => ['high', 'medium', 'low'].indexOf(severity))
    expect(gravity).toEqual(gravity.toSorted())
  })

  test('quotes nothing that was redacted', () => {
    expect(JSON.stringify(report.findings)).not.toMatch(/Bearer [A-Za-z0-9]{8}/)
  })
})

describe('an incident', () => {
  const at = (second: number) => new Date(Date.UTC(2024, 0, 1, 10, 0, second)).toISOString()
  const quiet = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `${at(from + n)} INFO  Worker: step ${n} done`)

  test('is told with what was new before it', async () => {
    const log = [
      ...quiet(0, 2_000),
      `${at(2_000)} INFO  Deploy: switching to version 1.14.2`,
      ...Array.from({ length: 80 }, (_, n) => `${at(2_005 + n)} ERROR Store: row ${n} is locked`),
      ...quiet(2_100, 4_000),
    ]
    const findings = await findingsIn(log.join('\n'))
    expect(findings.map(finding => [finding.kind, finding.line])).toEqual([
      ['error-burst', 2_002],
      ['first-seen', 2_001],
    ])
    expect(findings[1]!.detail).toContain('switching to version')
    expect(findings[0]!.detail).toContain('All are “Store: row <*> is locked”')
  })

  test('that ends in a crash is told with the restart that came of it', async () => {
    const log = [
      ...quiet(0, 1_000),
      `${at(1_001)} FATAL Main: out of memory`,
      `${at(1_030)} INFO  Main: Started Shop in 3.2 seconds`,
      ...quiet(1_040, 2_000),
    ]
    const findings = await findingsIn(log.join('\n'))
    expect(findings).toMatchObject([
      { kind: 'restart', severity: 'high', line: 1_002, title: 'Restarted once' },
    ])
    expect(findings[0]!.detail).toContain('may have crashed')
  })

  test('announced is a small one', async () => {
    const log = [
      ...quiet(0, 1_000),
      `${at(1_001)} INFO  Main: Shutting down`,
      `${at(1_030)} INFO  Main: Started Shop in 3.2 seconds`,
      ...quiet(1_040, 2_000),
    ]
    expect(await findingsIn(log.join('\n'))).toMatchObject([{ kind: 'restart', severity: 'low' }])
  })

  test('in one of two files is measured against that file, and names it', async () => {
    const { text, planted } = generateLog(3, { incidents: ['error-burst'] })
    const loud = generateLog(4, { entries: 8_000, every: 1, errorRate: 0.5 })
    const { report } = await reportOf(
      { name: 'loud.log', bytes: loud.text },
      { name: 'shop.log', bytes: text },
    )
    expect(report.findings.filter(finding => finding.kind === 'error-burst')).toMatchObject([
      { file: 'shop.log', line: planted.get('error-burst') },
    ])
    const refused = report.templates.find(({ template }) => template.includes('refused'))!
    expect(refused).toMatchObject({ firstFile: 'shop.log', lastFile: 'shop.log', count: 60 })
  })
})

describe('stack traces', () => {
  const trace = (text: string) => {
    const [message, ...continuation] = text.split('\n')
    return readStackTrace(message!, continuation)
  }

  test.for([
    [
      'Java, with its causes',
      'Order 7 failed\njava.lang.IllegalStateException: no\n\tat com.shop.Orders.place(Orders.java:4)\n\tat com.shop.Web.post(Web.java:9)\nCaused by: java.io.IOException: broken\n\tat com.shop.Net.read(Net.java:1)\nCaused by: java.net.SocketException: reset\n\t... 9 more',
      ['java.lang.IllegalStateException', 'java.io.IOException', 'java.net.SocketException'],
      ['com.shop.Orders.place', 'com.shop.Web.post'],
    ],
    [
      'Python, of which the last traceback is what was seen',
      'failed\nTraceback (most recent call last):\n  File "/app/net.py", line 3, in read\n    x()\nConnectionResetError: [Errno 104]\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File "/app/web.py", line 9, in post\n    y()\n  File "/app/orders.py", line 4, in place\n    z()\nshop.errors.OrderError: no',
      ['shop.errors.OrderError', 'ConnectionResetError'],
      ['place (orders.py)', 'post (web.py)'],
    ],
    [
      'JavaScript',
      "TypeError: Cannot read properties of undefined (reading 'id')\n    at place (/app/orders.js:4:9)\n    at async Server.<anonymous> (/app/web.js:9:1)",
      ['TypeError'],
      ['place', 'Server.<anonymous>'],
    ],
    [
      'Go',
      'panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.place(0x1, 0x2)\n\t/app/orders.go:4 +0x1d\nmain.post()\n\t/app/web.go:9 +0x20',
      ['panic: runtime error: index out of range [N] with length N'],
      ['main.place', 'main.post'],
    ],
    [
      '.NET, with its inner exception',
      'Unhandled\nSystem.InvalidOperationException: no\n ---> System.Net.Sockets.SocketException (104): reset\n   at Shop.Net.Read()\n   --- End of inner exception stack trace ---\n   at Shop.Orders.Place(Order order) in /app/Orders.cs:line 4',
      ['System.InvalidOperationException', 'System.Net.Sockets.SocketException'],
      undefined,
    ],
    [
      'Ruby',
      "/app/orders.rb:4:in `place': no (Shop::OrderError)\n\tfrom /app/web.rb:9:in `post'",
      ['Shop::OrderError'],
      ['place (orders.rb)', 'post'],
    ],
    [
      'Rust',
      "thread 'main' panicked at 'index out of bounds: the len is 3', src/main.rs:4:5\nstack backtrace:\n   0: rust_begin_unwind\n   1: core::panicking::panic_fmt\n   2: shop::orders::place\n             at ./src/orders.rs:4\n   3: shop::main",
      ['panic: index out of bounds: the len is N'],
      ['shop::orders::place', './src/orders.rs', 'shop::main'],
    ],
  ] as const)('of %s are read', ([, text, types, frames]) => {
    const read = trace(text)!
    expect(read.types).toEqual(types)
    if (frames) expect(read.frames.slice(0, frames.length)).toEqual(frames)
    expect(read.frames.length).toBeGreaterThan(0)
  })

  test.for([
    'it threw a RuntimeException',
    'request:\n  id: 4\n  Error: none',
    'Query:\nSELECT at (x)\n  from b',
  ])('what merely looks like one is none: %s', text => {
    expect(trace(text)).toBeNull()
  })

  test('of one type that were thrown in two places are one finding, and its chain is told', async () => {
    const thrown = (second: number, where: string) =>
      `${new Date(Date.UTC(2024, 0, 1, 10, 0, second)).toISOString()} ERROR failed\ncom.shop.OrderError: no\n\tat com.shop.${where}.go(X.java:1)\nCaused by: java.net.SocketException: reset\n\tat java.net.Socket.read(Socket.java:1)`
    const findings = await findingsIn([thrown(0, 'Web'), thrown(1, 'Web'), thrown(2, 'Batch')].join('\n'))
    expect(findings).toMatchObject([
      {
        kind: 'exception',
        severity: 'high',
        title: 'OrderError caused by SocketException, 3 times',
        detail:
          'Thrown in com.shop.Web.go, and in 1 other place. The chain: com.shop.OrderError, caused by java.net.SocketException. Last at 10:00:02.',
        line: 1,
      },
    ])
  })
})
