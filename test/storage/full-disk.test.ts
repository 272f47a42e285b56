/**
 * A disk that fills up in the middle of an upload, end to end: a real, small one (tmpfs) where mounting is allowed. What
 * the driver does with each failure of a disk, also of a dying one, is tested everywhere, in `local-disk.test.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { draft, form, removeAll, startApi, type TestApi, upload } from '../support/api.ts'
import { bytes, connectRaw, END, file, INSPECT, uploadHead } from '../support/raw-request.ts'

const MIB = 2 ** 20
const dir = mkdtempSync(join(tmpdir(), 'sluice-small-disk-'))
const mounted = mount()

function mount(): boolean {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', dir]).status === 0) return true
  const sentence =
    'No tmpfs could be mounted: uploads onto a real full disk were not tested (root may mount one).'
  console.warn(`\n${'!'.repeat(100)}\n  LEFT OUT: ${sentence}\n${'!'.repeat(100)}\n`)
  return false
}

describe.skipIf(!mounted)('a disk of 16 MiB', () => {
  let api: TestApi
  beforeAll(async () => {
    const storage = { kind: 'local', dir: join(dir, 'storage') } as const
    // No reserve: it is the disk that has to say no.
    api = await startApi({ config: { storage, storageReserve: 0 } })
    await mkdir(join(dir, 'other'))
  })
  afterAll(async () => {
    await api.stop()
    spawnSync('umount', [dir])
    await rm(dir, { recursive: true, force: true })
  })

  const objects = async () =>
    (await readdir(join(dir, 'storage/objects'), { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => entry.name)
  /** Somebody else's file, that takes all that is left: what the file system tells of it may be out of date. */
  async function fill(): Promise<void> {
    await using other = await open(join(dir, 'other/file'), 'a')
    for (const size of [MIB, 4_096, 1]) {
      try {
        for (;;) await other.appendFile(Buffer.alloc(size))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' })
      }
    }
  }
  const someoneCleansUp = () => rm(join(dir, 'other/file'))

  test.each([
    ['POST /api/jobs', null],
    ['POST /api/jobs/{id}/files', {}],
  ])(
    'that fills up in the middle of %s: 507, nothing is left, and the next works once there is room',
    async (_, onDraft) => {
      const job = onDraft && (await draft(api))
      const path = job ? `/api/jobs/${job.id}/files` : '/api/jobs'
      const fields = job ? [] : INSPECT
      const [head, tail] = [
        bytes(fields, file('small.log', 'x'), file('a.log', '').slice(0, 1)),
        `\r\n${END}`,
      ]
      const length = head.length + 10 * MIB + tail.length
      const connection = connectRaw(api.url)
      await connection.say(uploadHead(path, `Content-Length: ${length}`), head, Buffer.alloc(2 * MIB))
      await expect.poll(objects).toHaveLength(2)
      // It had been promised the room.
      await fill()
      const said = connection.say(Buffer.alloc(8 * MIB), tail).catch(() => undefined)
      const answer = await connection.answer()
      expect(answer.json()).toMatchObject({ status: 507, code: 'storage-full' })
      await said
      connection.socket.destroy()

      expect(await objects()).toEqual([])
      expect((await api.jobKeys()).filter(key => key.endsWith(':leases'))).toEqual([])
      if (job) {
        const now = (await (await fetch(`${api.url}/api/jobs/${job.id}`)).json()) as Job
        expect(now).toMatchObject({ status: 'draft', files: [] })
      } else {
        expect(await api.jobKeys()).toEqual([])
      }
      expect((await fetch(`${api.url}/readyz`)).status).toBe(200)
      await someoneCleansUp()
      const again = await fetch(`${api.url}${path}`, {
        method: 'POST',
        body: form({ 'a.log': new Uint8Array(10 * MIB) }, job ? {} : { pipeline: 'inspect' }),
      })
      expect(again.status).toBe(job ? 201 : 202)
      await removeAll(api)
    },
  )

  test('that has no byte left: small uploads get 507, too, and Redis does not notice', async () => {
    await fill()
    const body = form({ 'a.log': 'hello' }, { pipeline: 'inspect' })
    const response = await fetch(`${api.url}/api/jobs`, { method: 'POST', body })
    expect(await response.json()).toMatchObject({ status: 507, code: 'storage-full' })
    expect(await objects()).toEqual([])
    await draft(api)
    await someoneCleansUp()
    await upload(api)
    await removeAll(api)
  })
})
