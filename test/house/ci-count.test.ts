import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const COUNT = join(import.meta.dirname, '../../.ci/count.mjs')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ci-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Exits {
  readonly check?: number
  readonly tests?: number
}

/** One file's part of the report, with a test for each status. */
function file(...statuses: readonly string[]) {
  return {
    name: 'a.test.ts',
    status: statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })),
  }
}

function count(testResults: readonly object[], exits: Exits = {}) {
  return countText(JSON.stringify({ testResults }), exits)
}

async function countText(report: string, { check = 0, tests = 0 }: Exits = {}) {
  const path = join(folder, 'report.json')
  await writeFile(path, report)
  const { status, stdout } = spawnSync(process.execPath, [COUNT, path, `${check}`, `${tests}`], {
    encoding: 'utf8',
  })
  return { status, last: stdout.trimEnd().split('\n').at(-1) }
}

describe('the counts of a CI run', () => {
  test('are alone on the last line', async () => {
    expect(await count([file('passed'), file('passed')])).toEqual({ status: 0, last: '2 passed, 0 failed' })
  })

  test('a failed test fails the run', async () => {
    expect(await count([file('passed', 'failed')], { tests: 1 })).toEqual({
      status: 1,
      last: '1 passed, 1 failed',
    })
  })

  test.each(['skipped', 'pending', 'todo', 'disabled'])('a test that is %s has failed', async status => {
    expect(await count([file('passed', status)])).toEqual({ status: 1, last: '1 passed, 1 failed' })
  })

  test('a failed check is a failure, however many tests pass', async () => {
    expect(await count([file('passed')], { check: 1 })).toEqual({ status: 1, last: '1 passed, 1 failed' })
  })

  test('a file that does not load is a failure, beside those of other files', async () => {
    const unloaded = { name: 'b.test.ts', status: 'failed', assertionResults: [] }
    expect(await count([file('failed'), unloaded], { tests: 1 })).toEqual({
      status: 1,
      last: '0 passed, 2 failed',
    })
  })

  test('an error outside any test is a failure', async () => {
    expect(await count([file('passed')], { tests: 1 })).toEqual({ status: 1, last: '1 passed, 1 failed' })
  })

  test('a run without tests is a failure', async () => {
    expect(await count([])).toEqual({ status: 1, last: '0 passed, 1 failed' })
  })

  test.each(['', '{"testResults": ['])('a report that is cut short is a failure: %j', async report => {
    expect((await countText(report)).status).toBe(1)
  })
})
