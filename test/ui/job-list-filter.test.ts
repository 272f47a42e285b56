/** The list's filter, as it stands in an address that somebody may have typed. */
import { expect, test } from 'vitest'
import { isEverything, readFilter, writeFilter } from '../../src/ui/app/pages/job-list/filter.ts'

test('an address and its filter are the same thing', () => {
  const search =
    'status=failed&pipeline=inspect&q=a+b&metadata.ticket=INC-1&owner=ann&error=worker-lost&age=24h'
  expect(writeFilter(readFilter(search))).toBe(search)
})

test.each([
  'owner=%00',
  'error=toString',
  'q=%20',
  'pipeline=%E2%80%8B',
  'metadata.ticket=%0A',
  'age=never',
  'status=none',
  'metadata.=x',
])('what nobody could see, or what is no value, narrows nothing: %s', search => {
  expect(isEverything(readFilter(search))).toBe(true)
})
