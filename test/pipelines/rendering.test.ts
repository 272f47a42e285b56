import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import { html } from '../../src/pipelines/log-analysis/rendering/escape.ts'
import { readExcerpts } from '../../src/pipelines/log-analysis/rendering/excerpts.ts'
import type { Finding, ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { generateLog } from '../support/log-generator.ts'
import { type GivenFile, StageJob } from '../support/stage-context.ts'

async function reported(files: readonly GivenFile[], chunkSize = 64 * 1024): Promise<StageJob> {
  const job = new StageJob(files, { chunkSize })
  await job.run(logAnalysis)
  return job
}

const busy = generateLog(11, {
  incidents: ['error-burst', 'exception', 'gap', 'restart', 'secret-exposed'],
}).text

describe('the page', async () => {
  const job = await reported([{ name: 'shop.log', bytes: busy }])
  const page = job.text('report.html')
  const report = job.json<ReportJson>('report.json')

  test('says in its head what, how long, how bad, and what first', () => {
    const head = page.slice(page.indexOf('<header>'), page.indexOf('</header>'))
    expect(head).toContain('shop.log')
    expect(head).toMatch(/over [\d.]+ hours: \d+ errors, \d+ warnings/)
    for (const { title } of report.findings.slice(0, 3)) expect(head).toContain(title)
  })

  test('leads from every mark and link to what is there', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target)
    expect(targets.length).toBeGreaterThan(report.findings.length)
    for (const target of targets) expect(ids).toContain(target)
  })

  test('marks every finding that has a time on the timeline, within its frame', () => {
    const marks = [...page.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)]
    expect(marks).toHaveLength(report.findings.filter(finding => finding.at !== null).length)
    for (const [, x, y] of marks) {
      expect(Number(x)).toBeGreaterThan(40)
      expect(Number(x)).toBeLessThan(960)
      expect(Number(y)).toBeGreaterThan(0)
    }
  })

  test('shows each finding with its line, marked, among its neighbours', () => {
    const lines = job.text('redacted/shop.log').split('\n')
    const shown = [...page.matchAll(/<span class="line it"><i>(\d+)<\/i>([^<]*)<\/span>/g)]
    expect(shown.map(([, number]) => Number(number))).toEqual(report.findings.map(finding => finding.line))
    for (const [, number, text] of shown) {
      expect(html`${lines[Number(number) - 1]!}`.text.startsWith(text!.replace(/ …$/, ''))).toBe(true)
    }
  })

  test('is well-formed, without script, and with a style for dark, for paper and for phones', () => {
    const open: string[] = []
    const body = page.replace(/<style>[\s\S]*<\/style>/, '').replace(/<!doctype html>/, '')
    for (const [, close, name, rest] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*)>/g)) {
      if (close) expect(open.pop()).toBe(name)
      else if (name !== 'meta' && !rest!.endsWith('/')) open.push(name!)
    }
    expect(open).toEqual([])
    for (const media of ['prefers-color-scheme:dark', 'print', 'max-width:600px'])
      expect(page).toContain(media)
  })
})

test('whatever a log says, in names, messages, traces: nothing of it is live, in page or terminal', async () => {
  const evil =
    '"><script>alert(1)</script><img src=x onerror=alert(2)>\u001b[31m\u009b2J\u202e\u0007`|*_[x](javascript:1)'
  const line = (n: number) => `2024-03-07 10:00:${String(n % 60).padStart(2, '0')} ERROR ${evil}`
  const trace = `java.lang.${'X'}Exception: ${evil}\n\tat <b>.x(y)\n\tat com.shop.<init>(Z.java:1)`
  const job = await reported([
    {
      name: `${evil}.log`,
      bytes: `${line(1)}\n${trace}\n${Array.from({ length: 50 }, (_, n) => line(n)).join('\n')}`,
    },
  ])
  const page = job.text('report.html')
  expect(page).not.toMatch(/<script|<img|<b>\.x|<init>|href="(?!#)/)
  for (const artifact of ['report.html', 'report.md']) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be missing
    expect(job.text(artifact), artifact).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  }
  expect(job.text('report.md')).not.toMatch(/(?<!`[^`\n]*)\[x\]\(javascript/)
})

test('run again, in other chunks, every report is the same but for its date', async () => {
  const undated = (job: StageJob, name: string) =>
    job
      .text(name)
      .replace(/"generatedAt": "[^"]*"/, '')
      .replace(/Made by Sluice on [^<]* UTC\. Times/, '')
  const files = [
    { name: 'shop.log', bytes: busy },
    { name: 'other.log', bytes: generateLog(12).text },
  ]
  const [once, again] = [await reported(files), await reported(files, 977)]
  for (const name of ['report.json', 'report.md', 'report.html'])
    expect(undated(again, name)).toBe(undated(once, name))
})

test('files of one name: each finding shows the lines of its own file', async () => {
  const quiet = generateLog(5, { entries: 300 }).text
  const job = await reported([
    { name: 'app.log', bytes: quiet },
    {
      name: 'app.log',
      bytes: `${quiet}2024-03-08 10:00:00 ERROR no\nShop.OrderError: no\n    at place (/app/x.js:1:1)\n`,
    },
  ])
  expect(job.text('report.html')).toMatch(
    /<span class="line it"><i>\d+<\/i>2024-03-08 10:00:00 ERROR no<\/span>/,
  )
})

test('a log without times, and one without entries, have reports', async () => {
  for (const bytes of ['', 'a word\nanother\n']) {
    const job = await reported([{ name: 'plain.txt', bytes }])
    expect(job.text('report.html')).toContain('No entry tells a time.')
    expect(job.text('report.html')).toContain('Nothing stands out')
    expect(job.text('report.md')).toContain('Nothing stands out.')
  }
})

describe('excerpts', () => {
  const finding = (line: number, kind: Finding['kind'] = 'gap'): Finding => ({
    kind,
    severity: 'low',
    title: '',
    detail: '',
    templateId: null,
    file: 'a.log',
    artifact: 'redacted/a.log',
    line,
    at: null,
  })
  async function* chunks(text: string, size: number, tell: (bytes: number) => void) {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) {
      tell(at)
      yield bytes.subarray(at, at + size)
    }
  }

  test('are the same wherever the chunks are cut, and end where the text ends', async () => {
    const text = Array.from({ length: 12 }, (_, n) => `line ${n + 1} é`).join('\r\n')
    for (const size of [1, 2, 3, 7, 1_000]) {
      const [first, last] = await readExcerpts([finding(1), finding(12, 'exception')], [0, 0], async () =>
        chunks(text, size, () => {}),
      )
      expect(first).toEqual({ firstLine: 1, lines: ['line 1 é', 'line 2 é', 'line 3 é'] })
      expect(last).toEqual({ firstLine: 10, lines: ['line 10 é', 'line 11 é', 'line 12 é'] })
    }
  })

  test('of an endless line are short, and nothing is read behind the last finding', async () => {
    let read = 0
    const text = `${'x'.repeat(1e6)}\n${'short\n'.repeat(1e5)}`
    const [excerpt] = await readExcerpts([finding(1)], [0], async () =>
      chunks(text, 1_000, at => (read = at)),
    )
    expect(excerpt!.lines[0]!.length).toBeLessThan(500)
    expect(read).toBeLessThan(1e6 + 2_000)
  })
})
