import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { form, startApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

test('an upload is accepted with its job, every file hashed, and can be read again', async () => {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    body: form(
      { 'a.log': 'one\n', 'b.log': 'two\n' },
      { pipeline: 'inspect', priority: '7', metadata: '{"t":"X"}' },
    ),
  })
  expect(response.status).toBe(202)
  const job = (await response.json()) as Job
  expect(response.headers.get('location')).toBe(`/api/jobs/${job.id}`)
  expect(job).toMatchObject({ status: 'attaching', priority: 7, metadata: { t: 'X' }, pipeline: 'inspect' })
  expect(job.files.map(file => [file.id, file.name, file.size])).toEqual([
    ['f1', 'a.log', 4],
    ['f2', 'b.log', 4],
  ])
  const again = await fetch(`${api.url}/api/jobs/${job.id}`)
  expect(again.status).toBe(200)
  expect(await again.json()).toEqual(job)
})
