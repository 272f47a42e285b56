/** A file that is not as long any more as it was uploaded: somebody was at the storage. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { form, startApi, type TestApi } from '../support/api.ts'
import { connectRaw } from '../support/raw-request.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

describe.each([
  ['small', 10],
  ['large', 1024 * 1024],
])('the download of a %s file', (_name, size) => {
  test.each([
    ['lost', 'abc', -3],
    ['got', 'abcEXTRA', 5],
  ])('that %s bytes is cut: neither waited for nor mixed with the next answer', async (_verb, end, by) => {
    const body = form({ 'app.log': 'x'.repeat(size) }, { pipeline: 'inspect' })
    const { id } = (await (await fetch(`${api.url}/api/jobs`, { method: 'POST', body })).json()) as Job
    const objects = join(api.storageDir, 'objects')
    const [name] = (await readdir(objects, { recursive: true })).filter(each => each.includes(`${id}.`))
    await writeFile(join(objects, name!), 'x'.repeat(size + by - end.length) + end)

    const connection = connectRaw(api.url)
    await connection.say(request(`/api/jobs/${id}/files/f1/content`), request('/livez'))
    const [head, content] = (await connection.closed).split('\r\n\r\n')
    expect(head).toContain('200 OK')
    expect(head).toContain(`content-length: ${size}`)
    expect(content!.length).toBeLessThanOrEqual(size)
    expect(content).not.toMatch(/EXTRA|status/)
  })
})
