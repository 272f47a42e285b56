import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'sluice-cases-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function bench(cases: readonly object[] | null) {
  const path = join(folder, 'cases.jsonl')
  rmSync(path, { force: true })
  if (cases) writeFileSync(path, cases.map(one => `${JSON.stringify(one)}\n`).join(''))
  const script = join(import.meta.dirname, '../../bench/redaction.ts')
  return spawnSync(process.execPath, [script, '--cases', path, '--failures', '1'], { encoding: 'utf8' })
}

const hidden = (kind: string, before: string, value: string) => ({
  text: before + value,
  expect: [{ kind, value, start: before.length, end: before.length + value.length }],
})

test('cases that all go right meet the floors; a kind without a case is not measured', () => {
  const { status, stdout } = bench([
    hidden('email', 'to ', 'ops@example.com'),
    { text: 'no address here', expect: [], forbid: ['email'] },
  ])
  expect(stdout).toContain('met: personal covered 100.0 %')
  expect(stdout).toContain('not measured: secrets covered')
  expect(status).toBe(0)
})

test('what is missed, and what is touched though it should not be, fails and is shown', () => {
  const { status, stdout } = bench([
    hidden('email', 'to ', 'ops at example'),
    { text: 'to ops@example.com', expect: [], forbid: ['email'] },
    { ...hidden('email', 'to ', 'nobody'), weak: true },
  ])
  expect(stdout).toContain('NOT MET: personal covered 0.0 %')
  expect(stdout).toContain('NOT MET: personal untouched 0.0 %')
  expect(stdout).toContain('hide ops at example')
  expect(status).toBe(1)
})

test('a file that is missing, empty or no cases ends with one sentence, and is no success', () => {
  for (const cases of [null, [], [{ text: 1 }]]) {
    const { status, stderr } = bench(cases)
    expect(stderr).toMatch(/^bench:redaction: .*cases\.jsonl/)
    expect(status).toBe(2)
  }
})
