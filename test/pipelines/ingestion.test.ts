import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { type JobOptions, StageJob } from '../support/stage-context.ts'

async function analysed(bytes: Uint8Array | string, options: JobOptions = {}, name = 'app.log') {
  const job = new StageJob([{ name, bytes }], options)
  await job.run(logAnalysis)
  const report = job.json<ReportJson>('report.json')
  return { job, report, file: report.files[0]!, text: job.text(job.artifacts[0]!.name) }
}

/** Always the same bytes, as random as they need be (xorshift). */
function noise(length: number): number[] {
  let state = 88_172_645
  return Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}

const LOG = Array.from(
  { length: 3_000 },
  (_, n) =>
    `2024-03-07 10:${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} INFO worker ${n} did ${n * 7919} things, größer als ${n}`,
).join('\n')

describe('what comes in', () => {
  test('a gzip gives the same text and the same report as the plain file', async () => {
    const plain = await analysed(LOG)
    const zipped = await analysed(gzipSync(LOG), { chunkSize: 777 }, 'app.log.gz')
    expect(zipped.text).toBe(plain.text)
    expect(zipped.job.artifacts[0]).toMatchObject({ name: 'redacted/app.log', fileId: 'f1' })
    expect(zipped.file).toMatchObject({ compression: 'gzip', truncated: false, lines: 3_000, entries: 3_000 })
    expect(zipped.file.size).toBe(gzipSync(LOG).length)
    expect(zipped.report.templates.map(each => [each.template, each.count])).toEqual(
      plain.report.templates.map(each => [each.template, each.count]),
    )
    expect(zipped.report.timeline).toEqual(plain.report.timeline)
  })

  test('several gzip members in one file are one text', async () => {
    const members = Buffer.concat([gzipSync('one\n'), gzipSync('two\n')])
    expect((await analysed(members)).text).toBe('one\ntwo\n')
    expect((await analysed(members, { chunkSize: 3 })).text).toBe('one\ntwo\n')
  })

  test('wherever a gzip breaks off, everything before it is read, and the report says so', async () => {
    const whole = gzipSync(LOG)
    for (const cut of [
      20,
      1_000,
      Math.floor(whole.length / 2),
      whole.length - 9,
      whole.length - 4,
      whole.length - 1,
    ]) {
      const { file, text } = await analysed(whole.subarray(0, cut), { chunkSize: 4_000 })
      expect(file.truncated).toBe(true)
      expect(LOG.startsWith(text)).toBe(true)
      if (cut > whole.length - 10) expect(text).toBe(LOG)
      if (cut > 10_000) expect(text.length).toBeGreaterThan(LOG.length / 3)
    }
  })

  test('a damaged gzip is read up to the damage, or what follows its end is left, and the report says so', async () => {
    const damaged = Buffer.from(gzipSync(LOG))
    damaged.fill(0xff, Math.floor(damaged.length / 2), Math.floor(damaged.length / 2) + 64)
    const followed = Buffer.concat([gzipSync(LOG), Buffer.from('no gzip')])
    for (const bytes of [damaged, followed]) {
      const { file, text } = await analysed(bytes)
      expect(file.truncated).toBe(true)
      expect(text.length).toBeGreaterThan(LOG.length / 3)
      expect(LOG.startsWith(text.slice(0, text.lastIndexOf('\n', text.length / 2)))).toBe(true)
    }
  })

  test.for([
    ['size', { size: 100_000 }, 'SLUICE_ARCHIVE_SIZE'],
    ['ratio', { ratio: 20 }, 'SLUICE_ARCHIVE_RATIO'],
  ] as const)(
    'a gzip beyond the limit on its %s is refused, naming file and setting',
    async ([, archive, setting]) => {
      const job = new StageJob(
        [{ name: 'bomb.gz', bytes: gzipSync('all work and no play\n'.repeat(1_000_000)) }],
        { archive },
      )
      await expect(job.run(logAnalysis)).rejects.toMatchObject({ code: 'archive-limit', fileId: 'f1' })
      await expect(job.run(logAnalysis)).rejects.toThrow(new RegExp(`"bomb.gz".*${setting}`))
      expect(job.artifacts).toEqual([])
    },
  )

  test('a gzip of zeros meets the limit, not the memory', async () => {
    const job = new StageJob([{ name: 'zeros.gz', bytes: gzipSync(Buffer.alloc(50 * 2 ** 20)) }])
    await expect(job.run(logAnalysis)).rejects.toMatchObject({ code: 'archive-limit' })
  })

  test.for([
    ['a NUL byte', Buffer.from('fine\nfine\0\n')],
    ['a NUL byte far from its beginning', Buffer.from(`${'fine\n'.repeat(200_000)}\0`)],
    ['nothing but NULs', Buffer.alloc(1_000)],
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0])],
    ['random bytes, none of them NUL', Buffer.from(noise(1_000).filter(byte => byte !== 0))],
    ['NULs on either side of its letters', Buffer.from('a\0\0b'.repeat(500))],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])],
    ['a NUL character in UTF-16', Buffer.from('\ufeffone\ntwo\0\n', 'utf16le')],
    ['a NUL byte inside a gzip', gzipSync('a\0b')],
  ] as const)('a file with %s is refused by name, and none of it is told', async ([, bytes]) => {
    const job = new StageJob([{ name: 'picture.log', bytes }])
    const failure = await job.run(logAnalysis).catch(error => error)
    expect(failure).toMatchObject({ code: 'unsupported-content', fileId: 'f1' })
    expect(failure.message).toMatch(/^"picture.log" is not a text log, plain or in gzip, zstd, zip or tar/)
  })

  test('characters split between chunks of any size stay whole', async () => {
    const text = 'zwölf Boxkämpfer 🥊 jagen – Виктор\n'.repeat(3)
    for (const chunkSize of [1, 2, 3, 5, 7, 16]) {
      expect((await analysed(text, { chunkSize })).text).toBe(text)
    }
  })

  test('a byte order mark is not part of the first line', async () => {
    for (const chunkSize of [1, 2, 100]) {
      const { text, report } = await analysed('\ufeff2024-03-07 10:00:00 INFO up\n', { chunkSize })
      expect(text).toBe('2024-03-07 10:00:00 INFO up\n')
      expect(report.totals.levels.info).toBe(1)
    }
    expect((await analysed('\ufeff')).file).toMatchObject({ lines: 0 })
  })

  test('an empty file is a text of no lines', async () => {
    for (const bytes of ['', gzipSync('')]) {
      const { file, text, report } = await analysed(bytes)
      expect(text).toBe('')
      expect(file).toMatchObject({ lines: 0, entries: 0, firstTimestamp: null, lastTimestamp: null })
      expect(report.timeline.buckets).toEqual([])
    }
  })
})

describe('lines', () => {
  test.for([
    ['a\nb\n', 2],
    ['a\nb', 2],
    ['a\r\nb\r\n', 2],
    ['\n', 1],
    ['\n\n\nx', 4],
    ['x', 1],
  ] as const)('%j has %i lines, and goes out as it came in', async ([text, lines]) => {
    for (const chunkSize of [1, 2, 100]) {
      const result = await analysed(text, { chunkSize })
      expect(result.file.lines).toBe(lines)
      expect(result.text).toBe(text)
    }
  })

  test('a line of many megabytes is one line and one entry', async () => {
    const text = `2024-03-07 10:00:00 INFO start ${'x y '.repeat(800_000)}end\n2024-03-07 10:00:01 INFO next\n`
    const { file, text: redacted, report } = await analysed(text)
    expect(file).toMatchObject({ lines: 2, entries: 2 })
    expect(redacted).toBe(text)
    expect(report.templates.every(template => template.example.length < 1_000)).toBe(true)
  })
})

describe('entries', () => {
  test('a stack trace belongs to the line that it follows', async () => {
    const { file, report } = await analysed(
      [
        '2024-03-07 10:00:00 ERROR failed',
        'java.lang.IllegalStateException: no',
        '\tat com.example.A.b(A.java:1)',
        'Caused by: java.io.IOException: gone',
        '\t... 3 more',
        '',
        '2024-03-07 10:00:01 INFO went on',
      ].join('\n'),
    )
    expect(file).toMatchObject({ lines: 7, entries: 2, levels: { error: 1, info: 1 } })
    expect(report.findings[0]).toMatchObject({
      kind: 'exception',
      line: 1,
      title: expect.stringContaining('IllegalStateException'),
    })
    expect(JSON.stringify(report.findings[0])).toContain('IOException')
  })

  test('in a log without times a line is an entry, unless it is indented', async () => {
    const { file } = await analysed('one\ntwo\n  more of two\nthree\n')
    expect(file).toMatchObject({ lines: 4, entries: 3, levels: { unknown: 3 } })
  })

  test('lines before the first time are entries of their own', async () => {
    const { file } = await analysed('# a banner\n# two lines long\n2024-03-07 10:00:00 INFO up\n')
    expect(file.entries).toBe(3)
  })

  test('a file that changes to lines without times is not one endless entry', async () => {
    const { file } = await analysed(`2024-03-07 10:00:00 INFO up\n${'plain words\n'.repeat(2_000)}`)
    expect(file.entries).toBeGreaterThan(1_000)
  })
})

test('a log without years that goes on over New Year ends in the past, in the files’ times and in the timeline', async () => {
  const now = new Date()
  const month = (back: number) => {
    const date = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 5))
    return { date, name: date.toUTCString().slice(8, 11) }
  }
  // From 22 months ago to two months ago: one or two new years, and no month in the future.
  const months = Array.from({ length: 21 }, (_, n) => month(22 - n))
  const { file, report } = await analysed(
    months.map(({ name }) => `${name}  5 10:00:00 host app: step\n`).join(''),
  )
  const day = (at: string | null) => at!.slice(0, 10)
  expect(day(file.firstTimestamp)).toBe(months[0]!.date.toISOString().slice(0, 10))
  expect(day(file.lastTimestamp)).toBe(months.at(-1)!.date.toISOString().slice(0, 10))
  expect(report.timeline.buckets[0]!.at <= file.firstTimestamp!).toBe(true)
  expect(report.timeline.buckets.at(-1)!.at <= file.lastTimestamp!).toBe(true)
})

test('progress tells the name of the file, and ends at 100', async () => {
  const { job } = await analysed(LOG, { chunkSize: 10_000 })
  for (const stage of ['ingestion', 'redaction', 'analysis']) {
    const told = job.progress.filter(each => each.stage === stage)
    expect(told.length).toBeGreaterThan(3)
    expect(told.every(each => each.message === 'app.log')).toBe(true)
    expect(told.map(each => each.percent)).toEqual(told.map(each => each.percent).toSorted((a, b) => a - b))
    expect(told.at(-1)!.percent).toBe(100)
  }
})

test('a stage that is told to stop does so', async () => {
  const job = new StageJob([{ name: 'app.log', bytes: LOG }], {
    signal: AbortSignal.abort(new Error('cancelled')),
  })
  await expect(job.run(logAnalysis)).rejects.toThrow('cancelled')
})
