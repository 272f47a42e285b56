/** A private, real clamd on 127.0.0.1, with one signature of our own: its official ones are no part of any package. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClamd } from '../../src/scanner/clamd.ts'
import type { Clamd } from './clamd-binary.ts'
import { eventually } from './eventually.ts'
import { freePort } from './redis.ts'

/** The file that every scanner takes for a virus, and that is none (eicar.org); in pieces, or it would take this one. */
export const EICAR = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}',
  '$EICAR-STANDARD-',
  'ANTIVIRUS-TEST-FILE!',
  '$H+H*',
].join('')
/** What clamd says of it: it marks whatever is not its vendor's. */
export const SIGNATURE = 'Sluice.Test.Eicar.UNOFFICIAL'

export interface TestClamd {
  readonly host: string
  readonly port: number
  /** As an entry of the settings. */
  readonly address: string
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** On the same port; kills it first where it still runs. Resolves once it answers. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>
  /** Freezes it: it is there, takes connections, and says nothing. */
  freeze(): void
  /** Ends it and removes its files. */
  stop(): Promise<void>
}

/** @param options `settings`: of clamd.conf, beside our own; `port`: default any that is free. */
export async function startClamd(
  clamd: Clamd,
  options: { settings?: Readonly<Record<string, string>>; port?: number } = {},
): Promise<TestClamd> {
  const { settings = {}, port = await freePort() } = options
  const dir = await mkdtemp(join(tmpdir(), 'sluice-clamd-'))
  await mkdir(join(dir, 'signatures'))
  await mkdir(join(dir, 'tmp'))
  // Name, any kind of file, any offset, bytes.
  const signature = `Sluice.Test.Eicar:0:*:${Buffer.from(EICAR).toString('hex')}\n`
  await writeFile(join(dir, 'signatures/test.ndb'), signature)
  let child: ChildProcess | undefined

  async function start(more: Readonly<Record<string, string>>): Promise<void> {
    const all = {
      TCPAddr: '127.0.0.1',
      TCPSocket: String(port),
      Foreground: 'yes',
      DatabaseDirectory: join(dir, 'signatures'),
      TemporaryDirectory: join(dir, 'tmp'),
      ...more,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name} ${value}\n`)
    await writeFile(join(dir, 'clamd.conf'), lines.join(''))
    const run = [clamd.program, '--config-file', join(dir, 'clamd.conf')]
    const started = spawn('/bin/sh', ['-c', GUARD, 'sluice-clamd', ...run], {
      env: clamd.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    child = started
    let output = ''
    for (const stream of [started.stdout!, started.stderr!]) stream.on('data', text => (output += text))
    const client = createClamd({ host: '127.0.0.1', port })
    await eventually(
      () => {
        if (started.exitCode !== null || started.signalCode !== null)
          throw new Error(`clamd ended at its start:\n${output}`)
        return client.ping().then(
          () => true,
          () => false,
        )
      },
      answers => answers,
    )
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  await start(settings)
  return {
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    kill,
    async restart(more = settings) {
      await kill()
      await start(more)
    },
    freeze: () => void child!.kill('SIGSTOP'),
    async stop() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Run by `sh`, whose place clamd takes: it goes when the test's process has gone, however that went. */
const GUARD = '{ read -r _ <&3; kill -9 "$$"; } >/dev/null 2>&1 & exec "$@" 3<&-'

export interface StandIn {
  readonly host: string
  readonly port: number
  readonly address: string
  close(): Promise<void>
}

/** What takes connections as clamd does, and then does as it is told with each. */
export async function startStandIn(serve: (socket: Socket) => void): Promise<StandIn> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
