/** Archives: each member is a text of its own, in the report and among the artifacts. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import {
  type Files,
  paxMember,
  type TarMember,
  tar,
  tarMember,
  tarred,
  type ZipMember,
  zip,
  zipped,
} from '../support/archives.ts'
import { type JobOptions, StageJob } from '../support/stage-context.ts'

const FILES: Files = {
  'logs/app.log':
    '2024-03-07 10:00:00 INFO up\n2024-03-07 10:00:01 ERROR mail to mara.lindqvist@example.com failed\n',
  'logs/nested/worker.log': '2024-03-07 10:00:02 WARN slow\n',
  'größer.log': '2024-03-07 10:00:03 INFO größer\n',
  'empty.log': '',
}
const NAMES = Object.keys(FILES).toSorted()

async function analysed(bytes: Uint8Array, options: JobOptions = {}, name = 'bundle.zip') {
  const job = new StageJob([{ name, bytes }], options)
  await job.run(logAnalysis)
  return { job, report: job.json<ReportJson>('report.json') }
}

function redactedOf(job: StageJob): string[] {
  return job.artifacts.filter(({ stage }) => stage === 'redaction').map(({ name }) => name)
}

const PACKED: readonly (readonly [string, (files: Files) => Promise<Buffer>])[] = [
  ['a zip', files => zipped(files)],
  ['a zip of stored members', files => zipped(files, { compress: false })],
  ['a zip64', files => zipped(files, { zip64: true })],
  ['a tar', files => tarred(files)],
  ['a tar.gz', files => tarred(files, { gzip: true })],
  ['a tar.zst', async files => zstdCompressSync(await tarred(files))],
  ['a zip in gzip', async files => gzipSync(await zipped(files))],
]

describe.for(PACKED)('%s', ([, pack]) => {
  test('each member is a file of the report and an artifact, under its path', async () => {
    for (const chunkSize of [100, 64 * 1024]) {
      const bytes = await pack(FILES)
      const { job, report } = await analysed(bytes, { chunkSize })
      expect(report.totals).toMatchObject({ files: 4, bytes: bytes.length, lines: 4, entries: 4 })
      expect(report.files.map(({ name }) => name).toSorted()).toEqual(NAMES.map(name => `bundle.zip/${name}`))
      for (const file of report.files) {
        const path = file.name.slice('bundle.zip/'.length)
        expect(file).toMatchObject({
          id: 'f1',
          size: Buffer.byteLength(FILES[path] as string),
          encoding: 'utf-8',
          compression: null,
          truncated: false,
        })
        expect(job.artifacts.find(({ name }) => name === `redacted/${path}`)).toMatchObject({ fileId: 'f1' })
        expect(job.text(`redacted/${path}`)).toBe(
          (FILES[path] as string).replace('mara.lindqvist@example.com', '[REDACTED:email]'),
        )
      }
    }
  })
})

test('the analysis of members is that of the same files sent one by one', async () => {
  const files = Object.entries(FILES).map(([name, bytes]) => ({ name, bytes }))
  const alone = new StageJob(files)
  await alone.run(logAnalysis)
  const { templates, timeline, totals } = alone.json<ReportJson>('report.json')
  const { report } = await analysed(
    tar(files.map(({ name, bytes }): TarMember => ({ name, bytes: bytes as string }))),
  )
  expect(report.timeline).toEqual(timeline)
  expect(report.totals).toEqual({ ...totals, bytes: report.totals.bytes })
  expect(report.templates.map(({ template, count }) => [template, count])).toEqual(
    templates.map(({ template, count }) => [template, count]),
  )
  expect(report.templates.reduce((sum, { count }) => sum + count, 0)).toBe(report.totals.entries)
  expect(report.templates[0]!.firstFile).toBe('bundle.zip/logs/app.log')
})

test('members are packed in their own ways, and archives are in archives', async () => {
  const inner = await zipped({
    'app.log.gz': gzipSync('one\n'),
    'b.log': Buffer.from('\ufeffzwei\n', 'utf16le'),
  })
  const bytes = tar([
    { name: 'logs/app.log.zst', bytes: zstdCompressSync('three\n') },
    { name: 'more.zip', bytes: inner },
    { name: 'old.log.gz', bytes: gzipSync('four\n') },
  ])
  const { job, report } = await analysed(gzipSync(bytes), { archive: { depth: 4 } }, 'all.tgz')
  expect(
    report.files.map(({ name, size, compression, encoding, lines }) => [
      name,
      size,
      compression,
      encoding,
      lines,
    ]),
  ).toEqual([
    ['all.tgz/logs/app.log.zst', zstdCompressSync('three\n').length, 'zstd', 'utf-8', 1],
    ['all.tgz/more.zip/app.log.gz', gzipSync('one\n').length, 'gzip', 'utf-8', 1],
    ['all.tgz/more.zip/b.log', 12, null, 'utf-16le', 1],
    ['all.tgz/old.log.gz', gzipSync('four\n').length, 'gzip', 'utf-8', 1],
  ])
  expect(redactedOf(job)).toEqual([
    'redacted/logs/app.log',
    'redacted/more.zip/app.log',
    'redacted/more.zip/b.log',
    'redacted/old.log',
  ])
  expect(job.text('redacted/more.zip/b.log')).toBe('zwei\n')
})

test('several uploads: bytes count once each, and members of one name are told apart', async () => {
  const members: Files = { 'app.log': 'one\n', 'logs/app.log': 'two\n' }
  const [zipBytes, tarBytes] = [await zipped(members), await tarred(members)]
  const job = new StageJob([
    { name: 'a.zip', bytes: zipBytes },
    { name: 'app.log', bytes: 'plain\n' },
    { name: 'b.tar', bytes: tarBytes },
  ])
  await job.run(logAnalysis)
  const { totals, files } = job.json<ReportJson>('report.json')
  expect(totals).toMatchObject({ files: 5, bytes: zipBytes.length + 6 + tarBytes.length })
  expect(files.map(({ id, name }) => `${id} ${name}`)).toEqual([
    'f1 a.zip/app.log',
    'f1 a.zip/logs/app.log',
    'f2 app.log',
    'f3 b.tar/app.log',
    'f3 b.tar/logs/app.log',
  ])
  expect(job.artifacts.slice(0, 5).map(({ name, fileId }) => `${fileId} ${name}`)).toEqual([
    'f1 redacted/app.log',
    'f1 redacted/logs/app.log',
    'f2 redacted/app-2.log',
    'f3 redacted/app-3.log',
    'f3 redacted/logs/app-2.log',
  ])
  expect(job.text('redacted/app-2.log')).toBe('plain\n')
})

test('what an archive is, its bytes say, not its name', async () => {
  const { report } = await analysed(await zipped({ 'a.log': 'one\n' }), {}, 'notes.txt')
  expect(report.files[0]!.name).toBe('notes.txt/a.log')
  const plain = await analysed(Buffer.from('PK is no zip\n'), {}, 'bundle.zip')
  expect(plain.report.files[0]).toMatchObject({ name: 'bundle.zip', lines: 1 })
})

test('tars of any age: without ustar, with GNU’s long names, with pax headers', async () => {
  const long = `${'very/'.repeat(30)}long.log`
  const bytes = Buffer.concat([
    tarMember({ name: 'old.log', bytes: 'one\n', old: true }),
    tarMember({ name: '././@LongLink', type: 'L', bytes: `${long}\0` }),
    // Cut behind a slash, as a folder's name would end.
    tarMember({ name: long.slice(0, 100), bytes: 'two\n' }),
    paxMember({ comment: 'for all that follow' }, 'g'),
    paxMember({ path: 'größer/mit pax.log', mtime: '1709805600.5' }),
    tarMember({ name: 'short.log', bytes: 'three\n' }),
    Buffer.alloc(1024),
  ])
  const { report } = await analysed(bytes, {}, 'b.tar')
  expect(report.files.map(({ name, lines }) => [name, lines])).toEqual([
    ['b.tar/old.log', 1],
    [`b.tar/${long}`, 1],
    ['b.tar/größer/mit pax.log', 1],
  ])
})

test('a zip of names in code page 437, and one whose sizes follow the bytes', async () => {
  const { report } = await analysed(
    zip([
      { name: 'plain.log', bytes: 'one\n' },
      { name: 'größer.log', bytes: 'two\n', flags: 0x800 },
      { name: 'follows.log', bytes: 'three\n', flags: 1 << 3, header: { size: 0 } },
    ]),
  )
  expect(report.files.map(({ name }) => name)).toEqual([
    'bundle.zip/plain.log',
    'bundle.zip/größer.log',
    'bundle.zip/follows.log',
  ])
})

test.for([
  ['../../etc/passwd', 'etc/passwd'],
  ['/var/log/syslog', 'var/log/syslog'],
  ['C:\\logs\\app.log', 'logs/app.log'],
  ['a\\..\\..\\b.log', 'a/b.log'],
  ['./logs//./app.log', 'logs/app.log'],
  ['..', 'unnamed'],
  ['evil\u202egol.exe\r\nX: y\u0007.log', 'evilgol.exeX: y.log'],
  [`${'folder/'.repeat(200)}${'n'.repeat(300)}.log`, `${'folder/'.repeat(36)}${'n'.repeat(255)}`],
] as const)('a member called %j is shown as %j, and is nowhere else', async ([given, shown]) => {
  const inZip = await analysed(zip([{ name: given, bytes: 'one\n', flags: 0x800 }]), {}, 'a.zip')
  const inTar = await analysed(
    Buffer.concat([paxMember({ path: given.replace(/\r\n/, '') }), tar([{ name: 'short', bytes: 'one\n' }])]),
    {},
    'a.zip',
  )
  for (const { job, report } of [inZip, inTar]) {
    expect(report.files.map(({ name }) => name)).toEqual([`a.zip/${shown}`])
    expect(redactedOf(job)).toEqual([`redacted/${shown}`])
  }
})

test('folders, links, devices and what macOS adds are no files, and the job’s log says so', async () => {
  const noise: TarMember[] = [
    { name: 'logs/', type: '5' },
    { name: 'logs/latest.log', type: '2', linkTo: 'app.log' },
    { name: 'etc/shadow', type: '1', linkTo: '/etc/shadow', size: 999 },
    { name: 'dev/sda', type: '4' },
    { name: 'dev/pipe', type: '6' },
    { name: '__MACOSX/logs/._app.log', bytes: '\0\u0005\u0016\u0007' },
    { name: 'logs/.DS_Store', bytes: '\0\0\0\u0001Bud1' },
    { name: 'volume', type: 'V' },
  ]
  const { job, report } = await analysed(
    tar([...noise, { name: 'logs/app.log', bytes: 'one\n' }, ...noise]),
    {},
    'a.tar',
  )
  expect(report.files.map(({ name }) => name)).toEqual(['a.tar/logs/app.log'])
  const passedOver = (logged: StageJob) =>
    logged.logLines.filter(({ level, message }) => level === 'warn' && message.includes('passed over'))
  expect(passedOver(job).map(({ message }) => message)).toEqual([
    'In "a.tar" were passed over: links (4), devices (4), files of macOS\'s own (4), entries of an unknown kind (2).',
  ])
  const zipNoise: ZipMember[] = [
    { name: 'logs/', mode: 0o040755 },
    { name: 'latest.log', mode: 0o120777, bytes: '/etc/shadow' },
    { name: 'pipe', mode: 0o010644 },
  ]
  const zipped = await analysed(zip([...zipNoise, { name: 'app.log', bytes: 'one\n' }]))
  expect(zipped.report.totals.files).toBe(1)
  expect(passedOver(zipped.job).map(({ message }) => message)).toEqual([
    'In "bundle.zip" were passed over: links (1), devices (1).',
  ])
})

test('a gzip that breaks off within an archive is read as far as it goes, as it is by itself', async () => {
  const whole = gzipSync(Array.from({ length: 5_000 }, (_, n) => `line ${(n * 7919) % 10_007}\n`).join(''))
  const { report } = await analysed(await zipped({ 'app.log.gz': whole.subarray(0, whole.length / 2) }))
  expect(report.files[0]).toMatchObject({ truncated: true, compression: 'gzip' })
  expect(report.files[0]!.lines).toBeGreaterThan(500)
})

test('what is kept of an archive is two objects, however many members it has', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => [`logs/${n}.log`, `2024-03-07 10:00:00 INFO number ${n}\n`]),
  )
  const job = new StageJob([{ name: 'bundle.zip', bytes: await zipped(files) }])
  await job.run(logAnalysis, 'ingestion')
  expect([...job.intermediates.keys()].toSorted()).toEqual([
    'entries-1',
    'ingestion.json',
    'pseudonym-key',
    'text-1',
  ])
})

test('progress names the member at hand, grows, and ends at 100', async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}.log`, 'x\n'.repeat(20_000)]))
  const { job } = await analysed(await zipped(files, { compress: false }))
  for (const stage of ['ingestion', 'redaction', 'analysis']) {
    const told = job.progress.filter(each => each.stage === stage)
    const percents = told.map(({ percent }) => percent)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(percents.at(-1)).toBe(100)
    expect(told.some(({ message }) => message === 'bundle.zip/19.log')).toBe(true)
  }
})
