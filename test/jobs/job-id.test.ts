import { expect, test } from 'vitest'
import { newJobId } from '../../src/jobs/job-id.ts'

test('ids are UUIDv7 of now, each greater than the one before, however many are made at once', () => {
  const began = Date.now()
  const ids = Array.from({ length: 1_000 }, newJobId)
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const time = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
    expect(time).toBeGreaterThanOrEqual(began)
    expect(time).toBeLessThanOrEqual(Date.now())
  }
  expect(ids).toEqual([...new Set(ids)].sort())
})
