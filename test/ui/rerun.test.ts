/** What a job is run again with. */
import { expect, test } from 'vitest'
import type { Job } from '../../src/ui/app/contract.ts'
import { changesTo, settingsOf } from '../../src/ui/app/pages/job/rerun.ts'

const JOB = {
  pipeline: 'log-analysis',
  priority: 5,
  callbackUrl: 'https://example.com/hook',
  metadata: { ticket: 'INC-42', attempt: 3, tags: ['a'] },
} as unknown as Job
const before = settingsOf(JOB)

test('what nobody changed is not sent, so that it stays as it was', () => {
  expect(changesTo(JOB, before)).toEqual({})
})

test('what was changed is sent, and a callback that was taken out is null', () => {
  expect(changesTo(JOB, { ...before, pipeline: 'inspect', priority: '-1', callbackUrl: ' ' })).toEqual({
    pipeline: 'inspect',
    priority: -1,
    callbackUrl: null,
  })
})

test('metadata keeps the kind of what nobody touched', () => {
  const metadata = before.metadata.map(
    ([name, value]) => [name, name === 'ticket' ? 'INC-43' : value] as const,
  )
  expect(changesTo(JOB, { ...before, metadata })).toEqual({
    metadata: { ticket: 'INC-43', attempt: 3, tags: ['a'] },
  })
})
