import { readFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { type GivenFile, type JobOptions, StageJob } from '../support/stage-context.ts'

const sample = await readFile(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')

/** Everything in the sample that must not leave. */
const PLANTED = [
  'mara.lindqvist@example.com',
  'lucia.ferrero@example.com',
  '203.0.113.',
  '198.51.100.',
  '4111 1111',
  '5555555555554444',
  'Wint3r-Harbour',
  'spring-in-Turin-77',
  'pk9f2Qm7Lx0aVt4RzB81',
  'eyJhbGci',
  'PRIVATE KEY',
  'eyJzdWIi',
]

async function analysed(files: readonly GivenFile[], options: JobOptions = {}) {
  const job = new StageJob(files, options)
  const result = await job.run(logAnalysis)
  return { job, result, report: job.json<ReportJson>('report.json') }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

describe('the sample log', async () => {
  const { job, result, report } = await analysed([{ name: 'checkout-incident.log', bytes: sample }])
  const redacted = job.text('redacted/checkout-incident.log')

  test('its artifacts are those that the contract names, with their types', () => {
    expect(job.artifacts.map(({ name, type, fileId, stage }) => ({ name, type, fileId, stage }))).toEqual([
      {
        name: 'redacted/checkout-incident.log',
        type: 'text/plain; charset=utf-8',
        fileId: 'f1',
        stage: 'redaction',
      },
      { name: 'report.json', type: 'application/json', fileId: undefined, stage: 'report' },
      { name: 'report.md', type: 'text/markdown; charset=utf-8', fileId: undefined, stage: 'report' },
      { name: 'report.html', type: 'text/html; charset=utf-8', fileId: undefined, stage: 'report' },
    ])
  })

  test('I7: nothing planted is in any artifact, event or log line', () => {
    const told = JSON.stringify([job.progress, job.logLines, result])
    for (const secret of PLANTED) {
      expect(sample).toContain(secret)
      for (const { name } of job.artifacts) expect(job.text(name), name).not.toContain(secret)
      expect(told).not.toContain(secret)
    }
  })

  test('the redacted log has the same lines, and those without a secret unchanged', () => {
    const before = sample.split('\n')
    const after = redacted.split('\n')
    expect(after).toHaveLength(before.length)
    for (const [at, line] of after.entries()) if (!line.includes('[REDACTED:')) expect(line).toBe(before[at])
    expect(after.filter(line => !line.includes('[REDACTED:')).length).toBeGreaterThan(before.length / 2)
  })

  test('the report has every field of the contract', () => {
    expect(report).toMatchObject({
      pipeline: 'log-analysis',
      generatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      totals: { files: 1, bytes: Buffer.byteLength(sample), lines: sample.split('\n').length - 1 },
      files: [
        {
          id: 'f1',
          name: 'checkout-incident.log',
          artifact: 'redacted/checkout-incident.log',
          encoding: 'utf-8',
          compression: null,
          truncated: false,
          firstTimestamp: expect.stringMatching(/^2024-03-07T13:41:/),
          lastTimestamp: expect.stringMatching(/^2024-03-07T14:21:/),
        },
      ],
    })
    expect(Object.keys(report.totals.levels)).toEqual(['fatal', 'error', 'warn', 'info', 'debug', 'unknown'])
    expect(Object.keys(report.templates[0]!)).toEqual([
      'id',
      'template',
      'count',
      'level',
      'firstFile',
      'firstArtifact',
      'firstLine',
      'lastFile',
      'lastArtifact',
      'lastLine',
      'firstTimestamp',
      'lastTimestamp',
      'example',
    ])
    for (const finding of report.findings) {
      expect(Object.keys(finding)).toEqual([
        'kind',
        'severity',
        'title',
        'detail',
        'templateId',
        'file',
        'artifact',
        'line',
        'at',
      ])
    }
  })

  test('counts agree: templates, levels and buckets with entries, kinds with marks', () => {
    const { totals, templates, timeline, files } = report
    expect(sum(Object.fromEntries(templates.map(({ id, count }) => [id, count])))).toBe(totals.entries)
    expect(sum(totals.levels)).toBe(totals.entries)
    expect(timeline.buckets.reduce((total, bucket) => total + bucket.entries, 0)).toBe(totals.entries)
    expect(totals.templates).toBe(templates.length)
    expect(files[0]!.redactions).toEqual(totals.redactions)
    for (const [kind, count] of Object.entries(totals.redactions)) {
      if (kind !== 'private_key') expect(redacted.split(`[REDACTED:${kind}]`).length - 1, kind).toBe(count)
    }
    expect(totals.redactions.private_key).toBe(1)
  })

  test('the incident is found: the burst, both exceptions, what was new, the exposed credentials, the roll-out, each with its place', () => {
    expect(report.findings.map(finding => finding.kind)).toEqual([
      'error-burst',
      'exception',
      'exception',
      'first-seen',
      'secret-exposed',
      'restart',
    ])
    const lines = redacted.split('\n')
    const ids = new Set(report.templates.map(template => template.id))
    for (const { templateId, line } of report.findings) {
      expect(ids).toContain(templateId)
      expect(lines[line - 1]).toBeTruthy()
    }
    expect(lines[report.findings[0]!.line - 1]).toContain('ERROR')
  })

  test('the result is the totals', () => {
    expect(result).toEqual(report.totals)
  })

  test('run again, the report is the same but for its date', async () => {
    const again = await analysed([{ name: 'checkout-incident.log', bytes: sample }], { chunkSize: 1_000 })
    expect({ ...again.report, generatedAt: '' }).toEqual({ ...report, generatedAt: '' })
  })
})

test('several files: each is redacted under a name of its own, and the totals are their sum', async () => {
  const { job, report } = await analysed([
    { name: 'app.log', bytes: '2024-03-07 10:00:00 INFO up\n' },
    { name: 'app.log.gz', bytes: gzipSync('2024-03-07 10:05:00 ERROR down\n') },
    { name: 'app.log', bytes: 'a@example.com\n' },
    { name: 'noextension', bytes: '' },
    { name: 'noextension', bytes: 'x' },
    { name: '.gz', bytes: 'x' },
    { name: 'packed.log.zst', bytes: zstdCompressSync('x\n') },
    { name: 'twice.log.gz.gz', bytes: gzipSync(gzipSync('x\n')) },
  ])
  const redacted = job.artifacts.filter(artifact => artifact.stage === 'redaction')
  expect(redacted.map(({ name, fileId }) => [name, fileId])).toEqual([
    ['redacted/app.log', 'f1'],
    ['redacted/app-2.log', 'f2'],
    ['redacted/app-3.log', 'f3'],
    ['redacted/noextension', 'f4'],
    ['redacted/noextension-2', 'f5'],
    ['redacted/.gz', 'f6'],
    ['redacted/packed.log', 'f7'],
    ['redacted/twice.log', 'f8'],
  ])
  expect(report.files.map(file => file.artifact)).toEqual(redacted.map(artifact => artifact.name))
  expect(report.totals).toMatchObject({ files: 8, lines: 7, entries: 7, redactions: { email: 1 } })
  expect(report.totals.levels).toMatchObject({ info: 1, error: 1, unknown: 5 })
})

describe('pseudonyms', () => {
  const files = [{ name: 'a.log', bytes: 'x a@example.com y a@example.com z b@example.com from 10.0.0.1\n' }]

  test('the same value gets the same one, also when redaction runs again', async () => {
    const job = new StageJob(files, { pseudonyms: true })
    await job.run(logAnalysis, 'ingestion')
    await job.run(logAnalysis, 'redaction')
    const [, first, second, third] = /x (\S+) y (\S+) z (\S+) from \[ipv4:[0-9a-f]{6}\]/.exec(
      job.text('redacted/a.log'),
    )!
    expect(first).toMatch(/^\[email:[0-9a-f]{6}\]$/)
    expect(second).toBe(first)
    expect(third).not.toBe(first)
    const retried = new StageJob(files, { pseudonyms: true })
    for (const [name, bytes] of job.intermediates) retried.intermediates.set(name, bytes)
    await retried.run(logAnalysis, 'redaction')
    expect(retried.text('redacted/a.log')).toBe(job.text('redacted/a.log'))
  })

  test('another job gives others', async () => {
    const texts = await Promise.all(
      [1, 2].map(async () => (await analysed(files, { pseudonyms: true })).job.text('redacted/a.log')),
    )
    expect(texts[0]).not.toBe(texts[1])
  })

  test('templates do not tell them apart', async () => {
    const { report } = await analysed(files, { pseudonyms: true })
    expect(report.templates[0]!.template).toBe('x <*> y <*> z <*> from <*>')
  })
})

test('a quiet log has no findings', async () => {
  const line = (n: number) =>
    `2024-03-07 ${String(10 + Math.floor(n / 3600)).padStart(2, '0')}:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} ${n % 97 === 0 ? 'ERROR retry' : 'INFO step'} ${n}`
  const { report } = await analysed([
    { name: 'quiet.log', bytes: Array.from({ length: 7_000 }, (_, n) => line(n)).join('\n') },
  ])
  expect(report.findings).toEqual([])
})

test('a log that is hostile to whoever shows it is shown harmless', async () => {
  const name = '<img src=x onerror=alert(1)>`|.log'
  const { job } = await analysed([
    {
      name,
      bytes:
        '2024-03-07 10:00:00 ERROR <script>alert("x")</script> | `</code>` \u001b[31mred\u001b[0m \u202etxt\n\tat <b>.x(y)\n',
    },
  ])
  const html = job.text('report.html')
  expect(html).not.toMatch(/<script|<img|<b>\.|onerror=alert\(1\)>/)
  for (const control of ['\u001b', '\u202e']) expect(html).not.toContain(control)
  expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
  expect(job.text('report.md')).not.toContain('\u001b')
})

test('the page needs nothing from elsewhere', async () => {
  const { job } = await analysed([{ name: 'checkout-incident.log', bytes: sample }])
  const html = job.text('report.html')
  expect(html).not.toMatch(/<(?:script|link|iframe|object|embed|base)\b|\bsrc=|@import|url\(|\son\w+=/)
  for (const [, target] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#[tf]\d+$/)
})

test.each([false, true])(
  'the message is found behind a header that redaction made longer or shorter (pseudonyms: %s)',
  async pseudonyms => {
    const addresses = ['203.0.113.7', '8.8.4.4', 'a.very.long.name.of.somebody@mail.example.com']
    const lines = addresses.map(
      (address, n) => `2024-03-07 10:00:0${n} [${address}] INFO could not open the valve`,
    )
    const { job, report } = await analysed([{ name: 'a.log', bytes: lines.join('\n') }], { pseudonyms })
    for (const address of addresses) expect(job.text('redacted/a.log')).not.toContain(address)
    expect(report.templates.map(({ template, count }) => [template, count])).toEqual([
      ['could not open the valve', 3],
    ])
  },
)
