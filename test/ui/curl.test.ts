/** The commands that the web UI offers to copy do what they say: a shell and curl's own rules read them. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { curlOf, curlOfUpload } from '../../src/ui/app/curl.ts'

const PLAIN = { files: ['app.log'], pipeline: 'log-analysis', priority: 0, callbackUrl: null, metadata: {} }

/** @returns the arguments, as the shell hands them on */
function argumentsOf(command: string): string[] {
  const { stdout } = spawnSync('sh', ['-c', command.replace(/^curl/, 'printf "%s\\0"')], {
    encoding: 'utf8',
    env: { SLUICE_KEY: 'k1' },
  })
  return stdout.split('\0').slice(0, -1)
}

test('an upload is told with what is other than the service would take by itself', () => {
  expect(argumentsOf(curlOfUpload(PLAIN, 'http://h:1', false))).toEqual([
    'http://h:1/api/jobs',
    '-F',
    'files=@app.log',
  ])
  const all = {
    files: ['a b.log', "it's.log"],
    pipeline: 'inspect',
    priority: -5,
    callbackUrl: 'https://h/?a=1&b=$HOME',
    metadata: { ticket: "INC-1'; rm -rf /", n: 3 },
  }
  expect(argumentsOf(curlOfUpload(all, 'http://h:1', true))).toEqual([
    'http://h:1/api/jobs',
    '-H',
    'Authorization: Bearer k1',
    '-F',
    'files=@a b.log',
    '-F',
    "files=@it's.log",
    '-F',
    'pipeline=inspect',
    '-F',
    'priority=-5',
    '--form-string',
    'callbackUrl=https://h/?a=1&b=$HOME',
    '--form-string',
    `metadata={"ticket":"INC-1'; rm -rf /","n":3}`,
  ])
})

test('a name that curl would read as more than a name is quoted for it', () => {
  const name = 'a;type=x,"b\\.log'
  expect(argumentsOf(curlOfUpload({ ...PLAIN, files: [name] }, 'http://h', false)).at(-1)).toBe(
    'files=@"a;type=x,\\"b\\\\.log"',
  )
})

test('a key is never written out', () => {
  expect(curlOf('/api/jobs/1', 'http://h', true)).toContain('$SLUICE_KEY')
  expect(argumentsOf(curlOf('/api/jobs/1', 'http://h', false))).toEqual(['http://h/api/jobs/1'])
})
