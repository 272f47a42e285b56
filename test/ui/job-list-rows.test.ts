/** What events make of the list, and which rows are shown while somebody is at them. */
import { expect, test } from 'vitest'
import type { JobEvent } from '../../src/ui/app/contract.ts'
import { applied, inPlace, type Listed, reaches, withJobs } from '../../src/ui/app/pages/job-list/listed.ts'

/** @param minute of its making; the id says it, too */
const job = (minute: number, more: Partial<Listed> = {}) =>
  ({
    id: `job-${minute}`,
    status: 'failed',
    run: 1,
    createdAt: new Date(minute * 60_000).toISOString(),
    finishedAt: new Date(0).toISOString(),
    progress: { percent: 60, stage: 'analyse' },
    attempts: { made: 3, max: 3 },
    error: { code: 'stage-failed' },
    ...more,
  }) as Listed
const event = (jobId: string, type: string, data: object, run = 1) =>
  ({ id: '1-0', type, jobId, run, at: new Date(0).toISOString(), data }) as JobEvent
const known = (...jobs: Listed[]) => new Map(jobs.map(each => [each.id, each]))
/** @param minute that it looked back to; none: to the end */
const page = (items: Listed[], minute?: number) => ({
  items,
  nextCursor: minute === undefined ? null : 'more',
  lookedBackTo: minute === undefined ? null : job(minute).createdAt,
})
const list = (...pages: ReturnType<typeof page>[]) => ({ pages, pageParams: pages.map(() => null) })
const ids = (jobs: readonly Listed[]) => jobs.map(({ id, gone }) => (gone ? `${id} gone` : id))

test('a job that was retried is under way again, without being read', () => {
  const { changed, unclear } = applied(
    [event('job-1', 'job.retried', { status: 'pending', run: 2 }, 2)],
    known(job(1)),
    [],
  )
  expect(unclear).toEqual([])
  expect(changed).toMatchObject([
    { run: 2, status: 'pending', error: null, finishedAt: null, attempts: { made: 0 } },
  ])
})

test('a job that is not shown is read only where its status is one that the list is narrowed to', () => {
  const events = [
    event('new', 'job.submitted', { status: 'attaching' }),
    event('passes', 'job.ready', { status: 'pending' }),
    event('passes', 'job.started', { status: 'processing' }),
    event('stays', 'job.ready', { status: 'pending' }),
  ]
  expect(applied(events, known(), ['pending']).unclear).toEqual(['stays'])
  expect(applied(events, known(), []).unclear).toEqual(['new', 'passes', 'stays'])
})

test('rows keep their places: new ones wait, older ones follow, and what is gone stays', () => {
  const rows = [job(5), job(4), job(3)]
  const now = [job(6), job(5), job(4, { gone: true }), job(3), job(2)]
  expect(ids(inPlace(rows, now, true).rows)).toEqual(['job-5', 'job-4 gone', 'job-3', 'job-2'])
  expect(inPlace(rows, now, true).fresh).toBe(1)
  expect(ids(inPlace([], now, true).rows)).toEqual(['job-6', 'job-5', 'job-3', 'job-2'])
})

test('a row that was read anew and is not there is gone; one beyond what was read is not', () => {
  const rows = [job(5), job(4), job(3)]
  expect(ids(inPlace(rows, [job(5), job(3)], false).rows)).toEqual(['job-5', 'job-4 gone', 'job-3'])
  expect(ids(inPlace(rows, [job(5)], true).rows)).toEqual(['job-5', 'job-4', 'job-3'])
  expect(ids(inPlace(rows, [job(5)], false).rows)).toEqual(['job-5', 'job-4 gone', 'job-3 gone'])
})

test('a list that begins anew far before the rows waits for them, and is not read on towards them', () => {
  const { rows, fresh, apart } = inPlace([job(5), job(4)], [job(9), job(8)], true)
  expect([ids(rows), fresh, apart]).toEqual([['job-5', 'job-4'], 2, true])
})

test('a job comes in on the page that has looked as far back as it is old, though nothing was found there', () => {
  const before = list(page([], 8), page([job(7)], 5), page([], 3))
  const { pages } = withJobs(before, [job(9), job(6), job(4), job(2)], () => true)
  expect(pages.map(({ items }) => ids(items))).toEqual([['job-9'], ['job-7', 'job-6'], ['job-4']])
})

test('a list begins anew only where a page is full of others', () => {
  const others = page([job(9), job(8)], 8)
  expect(reaches(list(page([job(3)])), others, 2)).toBe(false)
  expect(reaches(list(page([])), others, 2)).toBe(false)
  expect(reaches(list(page([])), others, 3)).toBe(true)
  expect(reaches(list(page([job(8)])), others, 2)).toBe(true)
  expect(reaches(list(page([job(3)])), page([], 7), 2)).toBe(true)
})
