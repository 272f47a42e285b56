/** What the stages of `log-analysis` log for people. */
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import { zip } from '../support/archives.ts'
import { type GivenFile, StageJob } from '../support/stage-context.ts'

const SAMPLE = await readFile(new URL('../../examples/checkout-incident.log', import.meta.url))
const SIZE = expect.stringMatching(
  /^Wrote report\.json \([\d.]+ KiB\), report\.md \([\d.]+ KiB\), report\.html \([\d.]+ KiB\)\.$/,
)

async function logged(files: readonly GivenFile[], ...stages: readonly string[]) {
  const job = new StageJob(files)
  await job.run(logAnalysis, ...stages)
  return job.logLines
}

const messages = (lines: Awaited<ReturnType<typeof logged>>, level: string) =>
  lines.filter(line => line.level === level).map(({ message }) => message)

test('each stage says in a line or two what it found, in numbers', async () => {
  const lines = await logged([{ name: 'checkout-incident.log', bytes: SAMPLE }])
  expect(messages(lines, 'warn')).toEqual([])
  expect(messages(lines, 'info')).toEqual([
    '"checkout-incident.log" (utf-8): 357 entries in 463 lines, 52.8 KiB: 124 errors, 7 warnings.',
    '"checkout-incident.log": 135 private details redacted: 89 × ipv4, 39 × email, 2 × credit card, 1 × password, 1 × url credentials, 1 × generic api key, 1 × jwt, 1 × private key.',
    '357 entries come down to 24 templates.',
    '6 findings: 2 × exception, 1 × error burst, 1 × first seen, 1 × secret exposed, 1 × restart.',
    SIZE,
  ])
})

test('of several files each has its line, and all of them together have one', async () => {
  const lines = await logged([
    { name: 'one.log.gz', bytes: gzipSync('2026-03-01 10:00:00 ERROR no answer from 10.1.2.3\n') },
    { name: 'two.log', bytes: 'no time\n2026-03-01 10:00:01 WARN slow\n  at night\n' },
    { name: 'empty.log', bytes: '' },
  ])
  expect(messages(lines, 'warn')).toEqual([])
  expect(messages(lines, 'info')).toEqual([
    '"one.log.gz" (utf-8, gzip): 1 entry in 1 line, 50 B: 1 error.',
    '"two.log" (utf-8): 2 entries in 3 lines, 49 B: 1 warning, 1 without a time.',
    '"empty.log" is empty.',
    '3 files in all: 3 entries in 4 lines, 99 B: 1 error, 1 warning, 1 without a time.',
    '"one.log.gz": 1 private detail redacted: 1 × ipv4.',
    '"two.log": nothing had to be redacted.',
    '"empty.log": nothing had to be redacted.',
    '3 files in all: 1 private detail redacted: 1 × ipv4.',
    '3 entries come down to 3 templates.',
    'No findings.',
    SIZE,
  ])
})

test('warns of what the report has to do without: the rest of a damaged file, and all times', async () => {
  const log = Array.from({ length: 9_000 }, (_, n) => `2026-03-01 10:00:00 INFO job ${n * 7919}\n`).join('')
  const packed = gzipSync(log)
  const lines = await logged([
    { name: 'cut.log.gz', bytes: packed.subarray(0, packed.length >> 1) },
    { name: 'plain.txt', bytes: 'nothing here\ntells a time\n' },
  ])
  expect(messages(lines, 'warn')).toEqual([
    '"cut.log.gz" is not whole: it breaks off or is damaged. What comes before that was read.',
    'No entry of "plain.txt" tells a time: the timeline is without it.',
  ])
})

test('files without times push no warning out: however many there are, they have one line, the last', async () => {
  const texts = Array.from({ length: 30 }, (_, n) => ({ name: `${n}.txt`, bytes: 'no time\n' }))
  const cut = gzipSync('2026-03-01 10:00:00 INFO whole\n'.repeat(9_000)).subarray(0, 200)
  const lines = await logged([...texts, { name: 'cut.log.gz', bytes: cut }])
  expect(messages(lines, 'warn')).toEqual([
    '"cut.log.gz" is not whole: it breaks off or is damaged. What comes before that was read.',
    'No entry of "0.txt", "1.txt", "2.txt" or 27 more files tells a time: the timeline is without them.',
  ])
})

test('thousands of files are told in a few lines: of the first by themselves, of the others in sums', async () => {
  const members = Array.from({ length: 1_000 }, (_, n) => ({ name: `${n}.log`, bytes: 'one\n' }))
  const lines = await logged([{ name: 'all.zip', bytes: zip(members) }])
  expect(lines.length).toBeLessThan(80)
  const sums = messages(lines, 'info').filter(message => message.startsWith('1,000 files in all'))
  expect(sums).toEqual([
    '1,000 files in all: 1,000 entries in 1,000 lines, 3.9 KiB. The first 20 are told of above.',
    '1,000 files in all: nothing had to be redacted. The first 20 are told of above.',
  ])
})

test('of thousands of damaged files the first are named, and how many more there are', async () => {
  const cut = gzipSync('one\n'.repeat(9_000)).subarray(0, 20)
  const members = Array.from({ length: 30 }, (_, n) => ({ name: `${n}.log.gz`, bytes: cut }))
  const warnings = messages(await logged([{ name: 'all.zip', bytes: zip(members) }]), 'warn')
  expect(warnings.filter(message => message.includes('is not whole'))).toHaveLength(20)
  expect(warnings).toContain('10 more warnings of this stage are left out.')
})

test('no line quotes a file, whatever is in it: neither before redaction nor after', async () => {
  const secret = 'hunter2-correct-horse'
  const log = `2026-03-01 10:00:00 ERROR password=${secret} ${secret}\nException: ${secret}\n`.repeat(20)
  const told = JSON.stringify(await logged([{ name: 'app.log', bytes: log }]))
  expect(told).not.toContain(secret)
  expect(told).not.toContain('Exception:')
})
