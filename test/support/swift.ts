/**
 * A real S3 for one test file: OpenStack Swift with its s3api, from Debian's packages, in one process on loopback. It
 * knows no conditional writes and checks no checksums of the SDK's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { debianPython, environmentOf, unpacked } from './debian.ts'
import type { MortalS3Server, S3Server } from './s3-server.ts'

const PROGRAM = join(import.meta.dirname, 'swift/server.py')
const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object']

/** @returns where Swift is; null where it cannot be had, which has been said loudly. @throws under `CI`, instead. */
export function findSwift(): Promise<string | null> {
  return unpacked({
    name: 'swift',
    purpose: 'The tests of storage on S3',
    packages: PACKAGES,
    works: async root => {
      const args = ['-c', 'import swift.proxy.server, swift.obj.server, pyeclib.ec_iface, xattr']
      const child = spawn(debianPython(root), args, { env: environmentOf(root), stdio: 'ignore' })
      return await new Promise(resolve => {
        child.once('error', () => resolve(false))
        child.once('exit', code => resolve(code === 0))
      })
    },
  })
}

export async function startSwift(root: string): Promise<MortalS3Server> {
  const data = await mkdtemp(join(tmpdir(), 'sluice-swift-'))
  const secretAccessKey = randomBytes(18).toString('hex')
  const first = await launch(root, data, 0, secretAccessKey)
  let { child } = first
  const { port } = first
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test:tester', secretAccessKey },
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await kill()
      child = (await launch(root, data, port, secretAccessKey)).child
    },
    async stop() {
      await kill()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** Swift's own names for the parts that lie beside a bucket, finished or not: what no listing of S3 shows. */
export async function swiftParts(server: S3Server, bucket: string): Promise<string[]> {
  const listed = await asSwift(server, `${bucket}+segments`, { method: 'GET' })
  return listed.status === 404 ? [] : (await listed.text()).split('\n').filter(name => name !== '')
}

/** @param bytes that the bucket may hold at most. */
export async function setSwiftQuota(server: S3Server, bucket: string, bytes: number): Promise<void> {
  const headers = { 'x-container-meta-quota-bytes': String(bytes) }
  const { status } = await asSwift(server, bucket, { method: 'POST', headers })
  if (status !== 204) throw new Error(`Swift answered ${status}`)
}

/** A request in Swift's own protocol. */
async function asSwift(
  { endpoint, credentials }: S3Server,
  container: string,
  request: { method: string; headers?: Record<string, string> },
): Promise<Response> {
  const login = await fetch(`${endpoint}/auth/v1.0`, {
    headers: { 'x-auth-user': credentials.accessKeyId, 'x-auth-key': credentials.secretAccessKey },
  })
  const token = login.headers.get('x-auth-token')!
  const url = `${login.headers.get('x-storage-url')}/${encodeURIComponent(container)}`
  return await fetch(url, { ...request, headers: { ...request.headers, 'x-auth-token': token } })
}

/** @throws what it printed, if it ends before it answers. */
async function launch(
  root: string,
  data: string,
  port: number,
  secret: string,
): Promise<{ child: ChildProcess; port: number }> {
  // It ends when its standard input does: with this process, however that ends.
  const child = spawn(debianPython(root), [PROGRAM, data, String(port), secret], {
    env: environmentOf(root),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    printed += text
  })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`Swift ended with ${code}: ${printed}`)))
    createInterface(child.stdout).once('line', line =>
      resolve({ child, port: Number(/^ready (\d+)$/.exec(line)![1]) }),
    )
  })
}
