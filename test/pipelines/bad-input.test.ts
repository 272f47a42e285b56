/** What a log should not be, and is: a clear outcome each, and nothing wrong in the report. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { StageJob } from '../support/stage-context.ts'

async function analysed(bytes: Uint8Array | string, name = 'app.log') {
  const job = new StageJob([{ name, bytes }])
  await job.run(logAnalysis)
  const report = job.json<ReportJson>('report.json')
  return { job, report, file: report.files[0]!, html: job.text('report.html'), md: job.text('report.md') }
}

async function refused(bytes: Uint8Array, name: string) {
  const job = new StageJob([{ name, bytes }])
  const failure = await job.run(logAnalysis).catch(error => error)
  expect(job.artifacts).toEqual([])
  return failure
}

describe('refused, with the name of the file and nothing of its content', () => {
  // The beginning of a real one: SOI, APP0 with JFIF, and the start of a quantisation table.
  const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb004300080606070605', 'hex')

  test.for([
    ['a JPEG', jpeg],
    ['a file of NULs', Buffer.alloc(100_000)],
    ['a gzip of a JPEG', gzipSync(jpeg)],
    ['text with one NUL in it', Buffer.from('secret-word\nsecret\0word\n')],
  ] as const)('%s', async ([, bytes]) => {
    const failure = await refused(bytes, 'holiday.log')
    expect(failure).toMatchObject({ code: 'unsupported-content', fileId: 'f1' })
    expect(failure.message).toMatch(/^"holiday\.log" /)
    expect(failure.message).not.toContain('secret')
  })

  test('a gzip bomb: archive-limit, with the setting', async () => {
    const failure = await refused(gzipSync(Buffer.alloc(64 * 2 ** 20)), 'bomb.log.gz')
    expect(failure).toMatchObject({ code: 'archive-limit', fileId: 'f1' })
    expect(failure.message).toMatch(/^"bomb\.log\.gz" .*SLUICE_ARCHIVE_RATIO/)
  })
})

test('of several files the one at fault is named', async () => {
  const job = new StageJob([
    { name: 'good.log', bytes: '2024-03-07 10:00:00 INFO up\n' },
    { name: 'bad.log', bytes: Buffer.alloc(10) },
  ])
  await expect(job.run(logAnalysis)).rejects.toMatchObject({ code: 'unsupported-content', fileId: 'f2' })
})

test('an empty file: no lines, no entries, no times, and a report that says so', async () => {
  const { file, report, job } = await analysed('')
  expect(file).toMatchObject({
    lines: 0,
    entries: 0,
    size: 0,
    encoding: 'utf-8',
    compression: null,
    truncated: false,
  })
  expect(report).toMatchObject({ templates: [], findings: [], timeline: { buckets: [] } })
  expect(job.bytes('redacted/app.log')).toHaveLength(0)
})

test('one line without an end is one line and one entry', async () => {
  const { file, job } = await analysed('2024-03-07 10:00:00 ERROR no')
  expect(file).toMatchObject({
    lines: 1,
    entries: 1,
    levels: { error: 1 },
    firstTimestamp: '2024-03-07T10:00:00.000Z',
  })
  expect(job.text('redacted/app.log')).toBe('2024-03-07 10:00:00 ERROR no')
})

test('invalid UTF-8 in the middle: every line is there, and what is broken is U+FFFD', async () => {
  const line = '2024-03-07 10:00:00 INFO größer\n'
  const bytes = Buffer.concat([
    Buffer.from(line.repeat(3)),
    Buffer.from([0x78, 0xf0, 0x9f, 0x0a]),
    Buffer.from(line),
  ])
  const { file, job } = await analysed(bytes)
  expect(file).toMatchObject({ encoding: 'utf-8', lines: 5, levels: { info: 4 } })
  expect(job.text('redacted/app.log').split('\n')[3]).toBe('x\ufffd')
})

test('control characters and terminal escapes: kept in the redacted log, harmless in the report', async () => {
  const log = [
    '\u001b[2m2024-03-07T10:00:00Z\u001b[0m \u001b[31mERROR\u001b[0m shop: no \u001b]0;owned\u0007 \u001b[2J',
    '2024-03-07T10:00:01Z ERROR bell \u0007 backspace \b\b\b vertical \v form \f del \u007f',
    '2024-03-07T10:00:02Z ERROR return\rover it',
  ].join('\n')
  const { file, html, md, job } = await analysed(log)
  expect(file).toMatchObject({ lines: 3, entries: 3, levels: { error: 3 } })
  expect(job.text('redacted/app.log')).toBe(log)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const text of [html, md]) expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/)
})

test('HTML and script in a log, and in a file’s name, are never live in report.html', async () => {
  const evil = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '</style><script>alert(1)</script>',
    '</title><script>alert(1)</script>',
    '<!--',
    '<a href="javascript:alert(1)">x</a>',
    '&lt;script&gt;',
  ]
  const lines = evil.flatMap((text, n) => [
    `2024-03-07 10:00:0${n} ERROR ${text}`,
    `java.lang.${text}Exception: ${text}`,
    `\tat ${text}.run(${text}:1)`,
  ])
  const { html, file } = await analysed(lines.join('\n'), `${evil[1]}.log`)
  expect(file.entries).toBe(evil.length)
  expect(html).not.toMatch(/<script|<img|<svg onload|<a href="javascript|<!--/i)
  expect(html).not.toMatch(/<[^>]*\son(?:error|load|mouseover)\s*=/i)
  expect(html.match(/<\/style>/g)).toHaveLength(html.match(/<style/g)!.length)
  expect(html.match(/<\/title>/g)).toHaveLength(html.match(/<title/g)!.length)
})

describe('times', () => {
  test('that go back: the earliest is the first, the latest the last, every entry is in the timeline', async () => {
    const { file, report } = await analysed(
      [5, 3, 9, 1, 7].map(minute => `2024-03-07 10:0${minute}:00 INFO step`).join('\n'),
    )
    expect(file).toMatchObject({
      entries: 5,
      firstTimestamp: '2024-03-07T10:01:00.000Z',
      lastTimestamp: '2024-03-07T10:09:00.000Z',
    })
    expect(report.timeline.buckets.reduce((sum, bucket) => sum + bucket.entries, 0)).toBe(5)
    expect(report.timeline.buckets[0]!.at).toBe('2024-03-07T10:01:00.000Z')
  })

  test.for(['9999-12-31', '2999-01-01', '0001-01-01', '1970-01-01'])(
    'of %s are no times of a log: the entry stays, and the timeline is that of the others',
    async day => {
      const { file, report } = await analysed(
        `2024-03-07 10:00:00 INFO up\n${day} 00:00:00 ERROR strange clock\n2024-03-07 10:00:09 INFO on\n`,
      )
      expect(file).toMatchObject({
        entries: 3,
        levels: { info: 2, error: 1 },
        firstTimestamp: '2024-03-07T10:00:00.000Z',
        lastTimestamp: '2024-03-07T10:00:09.000Z',
      })
      expect(report.timeline.buckets.length).toBeLessThan(20)
    },
  )

  test('that are no dates are text', async () => {
    const { file } = await analysed('2024-13-45 99:99:99 INFO x\n2024-00-00 00:00:00 INFO y\n')
    expect(file).toMatchObject({ lines: 2, firstTimestamp: null })
  })
})

test('carriage returns: at the end of a line they are its end, within it they are text', async () => {
  const log = '2024-03-07 10:00:00 INFO 10 %\r50 %\r100 %\r\n2024-03-07 10:00:01 INFO done\r\n'
  const { file, report, job } = await analysed(log)
  expect(file).toMatchObject({ lines: 2, entries: 2 })
  expect(job.text('redacted/app.log')).toBe(log)
  expect(report.templates.some(({ template }) => template.endsWith('\r'))).toBe(false)
})
