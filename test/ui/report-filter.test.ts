/** What the address of a report shows of it. */
import { expect, test } from 'vitest'
import type { Report } from '../../src/ui/app/contract.ts'
import {
  findingsIn,
  readFilter,
  snapped,
  sumsIn,
  templatesIn,
  wholeSpan,
  writeFilter,
} from '../../src/ui/app/pages/report/report-filter.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString()
const TIMELINE: Report.Timeline = {
  bucketSeconds: 60,
  buckets: [0, 1, 2, 3].map(minute => ({ at: at(minute), entries: 10, errors: minute, warnings: 1 })),
}
const template = (
  id: string,
  count: number,
  level: 'error' | 'info',
  first: string | null,
  last = first,
) => ({
  id,
  template: `${id} <*>`,
  count,
  level,
  firstFile: 'a.log',
  firstArtifact: 'redacted/a.log',
  firstLine: 1,
  lastFile: 'a.log',
  lastArtifact: 'redacted/a.log',
  lastLine: 2,
  firstTimestamp: first,
  lastTimestamp: last,
  example: `example of ${id}`,
})
const TEMPLATES = [
  template('early', 5, 'info', at(0)),
  template('throughout', 3, 'error', at(0), at(3)),
  template('timeless', 9, 'info', null),
  template('late', 1, 'error', at(3)),
]
const ids = (search: string) => templatesIn(TEMPLATES, readFilter(search)).map(({ id }) => id)

test('an address is read as it was written, and what makes no sense in it is left out', () => {
  const search = `?level=error&level=info&from=${at(1)}&to=${at(2)}&q=x+y&order=level`
  const filter = readFilter(search)
  expect(readFilter(writeFilter(filter))).toEqual(filter)
  const odd = readFilter(`?level=loud&from=${at(2)}&to=${at(1)}&order=toString`)
  expect(odd).toEqual({ span: null, levels: [], text: '', order: 'count' })
})

test('a time shows the templates that were seen in it, and those that tell none', () => {
  expect(ids('')).toEqual(['timeless', 'early', 'throughout', 'late'])
  expect(ids(`?from=${at(1)}&to=${at(3)}`)).toEqual(['timeless', 'throughout'])
  expect(ids(`?from=${at(3)}&to=${at(4)}`)).toEqual(['timeless', 'throughout', 'late'])
})

test('level and text narrow further, and each order is what it says', () => {
  expect(ids('?level=error')).toEqual(['throughout', 'late'])
  expect(ids('?q=EXAMPLE+of+e')).toEqual(['early'])
  expect(ids('?order=level')).toEqual(['throughout', 'late', 'timeless', 'early'])
  expect(ids('?order=first')).toEqual(['early', 'throughout', 'late', 'timeless'])
  expect(ids('?order=last')).toEqual(['throughout', 'late', 'early', 'timeless'])
})

test('findings of the time, the worst first', () => {
  const finding = (severity: 'high' | 'low', minute: number | null) => ({
    kind: 'gap' as const,
    severity,
    title: severity,
    detail: '',
    templateId: null,
    file: 'a.log',
    artifact: 'redacted/a.log',
    line: 1,
    at: minute === null ? null : at(minute),
  })
  const findings = [finding('low', 1), finding('high', 2), finding('high', null), finding('high', 3)]
  const shown = findingsIn(findings, readFilter(`?from=${at(1)}&to=${at(3)}`))
  expect(shown.map(each => [each.severity, each.at])).toEqual([
    ['high', at(2)],
    ['high', null],
    ['low', at(1)],
  ])
})

test('what was dragged over becomes whole buckets, whose sums are told', () => {
  const start = Date.parse(at(0))
  expect(wholeSpan(TIMELINE)).toEqual({ from: start, to: start + 240_000 })
  const span = snapped(TIMELINE, start + 70_000, start + 130_000)
  expect(span).toEqual({ from: start + 60_000, to: start + 180_000 })
  expect(sumsIn(TIMELINE, span)).toEqual({ entries: 20, errors: 3, warnings: 2 })
  // In either direction; beyond the ends; all of it is no choice.
  expect(snapped(TIMELINE, start + 130_000, start + 70_000)).toEqual(span)
  expect(snapped(TIMELINE, start - 5_000, start + 1)).toEqual({ from: start, to: start + 60_000 })
  expect(snapped(TIMELINE, start - 5_000, start + 900_000)).toBeNull()
  expect(snapped(TIMELINE, start + 900_000, start + 990_000)).toBeNull()
})
