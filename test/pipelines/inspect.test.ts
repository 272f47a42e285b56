import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { inspect } from '../../src/pipelines/inspect.ts'
import { pipelines } from '../../src/pipelines/registry.ts'
import { StageJob } from '../support/stage-context.ts'

test('both pipelines are found by name', () => {
  expect([...pipelines.keys()]).toEqual(['log-analysis', 'inspect'])
  for (const [name, pipeline] of pipelines) expect(pipeline.name).toBe(name)
})

test('the manifest lists every file as it was uploaded', async () => {
  const job = new StageJob([
    { name: 'a.bin', bytes: Buffer.from([0, 255, 7]) },
    { name: 'ü "b".log', bytes: 'hello' },
    { name: 'empty', bytes: '' },
  ])
  expect(await job.run(inspect)).toEqual({ files: 3, bytes: 8 })
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  expect(job.json('manifest.json')).toEqual({
    files: [
      { id: 'f1', name: 'a.bin', size: 3, sha256: sha256(Buffer.from([0, 255, 7])), type: 'text/plain' },
      { id: 'f2', name: 'ü "b".log', size: 5, sha256: sha256(Buffer.from('hello')), type: 'text/plain' },
      { id: 'f3', name: 'empty', size: 0, sha256: sha256(Buffer.from('')), type: 'text/plain' },
    ],
  })
  expect(job.progress.at(-1)).toMatchObject({ percent: 100 })
})

test.for([
  ['other bytes', { sha256: '0'.repeat(64) }],
  ['another size', { size: 4 }],
] as const)('a file with %s than were uploaded fails the job, and names the file', async ([, promise]) => {
  const job = new StageJob([
    { name: 'good.log', bytes: 'good' },
    { name: 'bad.log', bytes: 'changed', ...promise },
  ])
  await expect(job.run(inspect)).rejects.toMatchObject({
    code: 'file-changed',
    fileId: 'f2',
    message: expect.stringContaining('bad.log'),
  })
  expect(job.artifacts).toEqual([])
})
