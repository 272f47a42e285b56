/** The receivers that docs/webhooks.md shows: each is run as it stands there, and sent to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { createSender } from '../../src/webhooks/sender.ts'
import { createSecret, sign } from '../../src/webhooks/signature.ts'
import { eventually } from '../support/eventually.ts'
import { findInterpreter, type Interpreter } from '../support/interpreters.ts'
import { freePort } from '../support/redis.ts'
import { read } from './project.ts'

const SHOWN_PORT = '7250'
const secret = createSecret()
const body = JSON.stringify({ type: 'job.completed', data: { job: { id: 'grüße' } } })

interface Running {
  readonly port: number
  /** What it has printed. */
  readonly output: () => string
}

/** @param command what follows the interpreter and its options. */
async function startShown(
  fence: string,
  { program, options, env }: Interpreter,
  command: (file: string, port: number) => readonly string[],
): Promise<Running> {
  const blocks = [...read('docs/webhooks.md').matchAll(new RegExp(`^\`\`\`${fence}\\n(.*?)^\`\`\``, 'gms'))]
  expect(blocks, `receivers in ${fence}`).toHaveLength(1)
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-receiver-'))
  const file = join(folder, `receiver.${{ js: 'mjs', python: 'py', ruby: 'rb' }[fence] ?? fence}`)
  await writeFile(file, blocks[0]![1]!.replaceAll(SHOWN_PORT, String(port)))
  const child = spawn(program, [...options, ...command(file, port)], {
    // What a program leaves behind goes with the folder.
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      ...env,
      WEBHOOK_SECRET: secret,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // `go run` starts what it has built as a process of its own.
    detached: true,
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      printed += text
    })
  const gone = once(child, 'close')
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await gone
    await rm(folder, { recursive: true, force: true })
  })
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`the receiver ended: ${printed}`)
      return fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '' }).then(
        answer => answer.status,
        () => 'not there yet',
      )
    },
    answer => answer === 401,
  )
  return { port, output: () => printed }
}

async function trySignatures({ port, output }: Running): Promise<void> {
  const url = `http://127.0.0.1:${port}/`
  const sender = createSender({ guard: createAddressGuard({ allow: [{ cidr: '127.0.0.1/32', port }] }) })
  onTestFinished(() => sender.close())
  const send = (id: string, secrets = [secret]) =>
    sender.send({ url, id, body, secrets, signal: new AbortController().signal })
  const post = async (headers: object, sent = body) =>
    (await fetch(url, { method: 'POST', headers: { ...headers }, body: sent })).status

  const now = Math.floor(Date.now() / 1_000)
  const signed = (timestamp: number, by = secret) => sign({ id: 'forged', timestamp, body, secrets: [by] })
  expect(await post(signed(now), `${body} `), 'another body').toBe(401)
  expect(await post(signed(now, createSecret())), 'another secret').toBe(401)
  expect(await post({ ...signed(now), 'webhook-id': 'other' }), 'another id').toBe(401)
  for (const off of [-301, 330]) expect(await post(signed(now + off)), 'another time').toBe(401)
  for (const part of [
    '',
    'v1',
    'v1,',
    'v1,é',
    'v1,AAAA',
    'v2,AAAA',
    signed(now)['webhook-signature'].replace('v1', 'v2'),
  ])
    expect(await post({ ...signed(now), 'webhook-signature': part }), part).toBe(401)
  for (const timestamp of ['', 'now', '²', '-1', '9'.repeat(40)])
    expect(await post({ ...signed(now), 'webhook-timestamp': encodeURI(timestamp) }), timestamp).toBe(401)

  expect(await send('msg_1'), 'a delivery').toMatchObject({ statusCode: 204, verdict: 'delivered' })
  expect(await send('msg_1'), 'once more').toMatchObject({ statusCode: 204, verdict: 'delivered' })
  expect(await send('msg_2', [createSecret(), secret]), 'while secrets are being rotated').toMatchObject({
    verdict: 'delivered',
  })
  expect(await send('msg_3', [createSecret()])).toMatchObject({ statusCode: 401, verdict: 'retry' })
  const lines = await eventually(
    () => output().match(/^\S+ job\.completed grüße$/gm) ?? [],
    all => all.length >= 2,
  )
  expect(lines.toSorted(), 'what it has worked on').toEqual([
    'msg_1 job.completed grüße',
    'msg_2 job.completed grüße',
  ])
}

const node: Interpreter = { program: process.execPath, options: [], env: {} }
const [python, go, ruby, php] = [
  await findInterpreter('python'),
  await findInterpreter('go'),
  await findInterpreter('ruby'),
  await findInterpreter('php'),
]
const file = (path: string) => [path]

test.for([
  ['js', node, file],
  ['python', python, file],
  ['go', go, file],
  ['ruby', ruby, file],
  ['php', php, (path: string, port: number) => ['-S', `127.0.0.1:${port}`, path]],
] as const)(
  'the receiver in %s takes what Sluice sends, once, and nothing forged, altered or old',
  async ([fence, interpreter, command], { skip }) => {
    if (interpreter === null) return skip('its language cannot be had here, which has been said')
    await trySignatures(await startShown(fence, interpreter, command))
  },
)
