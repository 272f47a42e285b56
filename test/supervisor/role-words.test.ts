import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

describe.each(['api', 'worker'])('npm run %s', role => {
  const program = fileURLToPath(new URL(`../../src/${role.replace(/r$/, 'rs')}/main.ts`, import.meta.url))
  const run = (word: string) => spawnSync(process.execPath, [program, word], { encoding: 'utf8', env: {} })

  test.each(['--help', '-h'])('%s says what it is, and starts nothing', word => {
    const { status, stdout } = run(word)
    expect(stdout).toMatch(new RegExp(`^npm run ${role} .+\\n$`))
    expect(status).toBe(0)
  })

  test('refuses what it does not know', () => {
    expect(run('--prot')).toMatchObject({ status: 2, stderr: "Unknown option '--prot': see --help.\n" })
  })
})
