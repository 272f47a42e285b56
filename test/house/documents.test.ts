/** What the documents say of the project: that it is so. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSecret, sign } from '../../src/webhooks/signature.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/redis.ts'
import { packageJson, ROOT, read } from './project.ts'

const documents = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs')).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))

/** As GitHub makes them of headings. */
function anchors(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(documents)('%s', document => {
  const text = read(document)

  test('links to what is there', () => {
    const dead = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(
      ([, path, anchor]) => {
        const target = path ? join(dirname(document), path) : document
        if (!existsSync(join(ROOT, target))) return true
        return anchor !== undefined && !anchors(target).includes(anchor)
      },
    )
    expect(dead.map(([link]) => link)).toEqual([])
  })

  test('names files that are there', () => {
    const named = text.match(/(?<=`)(?:src|test|docs|bench|scripts|examples|\.ci)\/[\w./-]*(?=`)/g) ?? []
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('tells of npm scripts that exist', () => {
    const scripts = [...text.matchAll(/\bnpm (?:run (?:-s |--silent )?([a-z][\w-]*)|(test|start)\b)/g)]
    expect(
      scripts.map(([, script, short]) => script ?? short!).filter(name => !(name in packageJson.scripts)),
    ).toEqual([])
  })
})

test('every metric that the operating guide explains is there', () => {
  const source = read('src/api/metrics.ts')
  const named = new Set(read('docs/operating.md').match(/\bsluice_[a-z_]+/g))
  expect(named.size).toBeGreaterThan(5)
  expect(
    [...named].filter(
      name => !source.includes(`'${name}'`) && !source.includes(`'${name.slice('sluice_'.length)}'`),
    ),
  ).toEqual([])
})

test('the receiver shown in docs/webhooks.md takes what Sluice signs, and nothing else', async () => {
  const port = await freePort()
  const [, shown] = /```js\n(.*?)```/s.exec(read('docs/webhooks.md'))!
  const folder = await mkdtemp(join(tmpdir(), 'sluice-receiver-'))
  const program = join(folder, 'receiver.mjs')
  await writeFile(program, shown!.replace('7250', String(port)))
  const secret = createSecret()
  const receiver = spawn(process.execPath, [program], { env: { WEBHOOK_SECRET: secret }, stdio: 'ignore' })
  try {
    const url = `http://127.0.0.1:${port}/`
    const status = (headers: object, body: string) =>
      fetch(url, { method: 'POST', headers: { ...headers }, body }).then(
        answer => answer.status,
        () => 'not there yet',
      )
    await eventually(
      () => status({}, ''),
      answer => answer === 401,
    )

    const body = JSON.stringify({ type: 'job.completed', data: { job: { id: '1' } } })
    const timestamp = Math.floor(Date.now() / 1_000)
    const signed = (at: number, by: string) => sign({ id: 'msg_1', timestamp: at, body, secrets: [by] })
    expect(await status(signed(timestamp, secret), body)).toBe(204)
    expect(await status(signed(timestamp, secret), `${body} `)).toBe(401)
    expect(await status(signed(timestamp, createSecret()), body)).toBe(401)
    expect(await status(signed(timestamp - 600, secret), body)).toBe(401)
  } finally {
    receiver.kill()
    await rm(folder, { recursive: true })
  }
})
