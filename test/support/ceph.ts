/**
 * A real S3 that knows conditional writes: Ceph's radosgw before one monitor and one OSD that keeps everything in memory,
 * from Debian's packages, on loopback.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { environmentOf, unpacked } from './debian.ts'
import { eventually } from './eventually.ts'
import { freePort } from './redis.ts'
import type { S3Server } from './s3-server.ts'

const run = promisify(execFile)
const PACKAGES = ['ceph-mon', 'ceph-osd', 'radosgw']
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'testing-testing' }
/** Ends what would never end, ms. */
const LONGEST = 60_000

/** @returns where Ceph is; null where it cannot be had, which has been said loudly. @throws under `CI`, instead. */
export function findCeph(): Promise<string | null> {
  return unpacked({
    name: 'ceph',
    purpose: 'The tests of storage on Ceph',
    packages: PACKAGES,
    works: async root => {
      const programs = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph']
      const versions = programs.map(program => run(program, ['--version'], { env: environmentOf(root) }))
      return (await Promise.allSettled(versions)).every(each => each.status === 'fulfilled')
    },
  })
}

export async function startCeph(root: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ceph-'))
  const [monitor, gateway] = [await freePort(), await freePort()]
  const fsid = randomUUID()
  const env = environmentOf(root)
  const conf = join(folder, 'ceph.conf')
  const ask = (program: string, ...args: string[]) =>
    run(program, ['-c', conf, ...args], { env, cwd: folder, timeout: LONGEST })
  const daemons: ChildProcess[] = []
  const start = (program: string, ...args: string[]) => {
    // Ceph's daemons outlive whoever started them. This shell does not: its input ends with this process, however that
    // ends, and with its input the daemon.
    const script = '"$@" < /dev/null & daemon=$!; cat > /dev/null; kill -9 $daemon'
    daemons.push(
      spawn('sh', ['-c', script, 'sh', program, '-c', conf, '-f', ...args], {
        env,
        cwd: folder,
        stdio: ['pipe', 'ignore', 'ignore'],
      }),
    )
  }
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) {
      const gone = once(daemon, 'exit')
      daemon.stdin!.end()
      await gone
    }
    await rm(folder, { recursive: true, force: true })
  }

  try {
    for (const name of ['mon', 'osd']) await mkdir(join(folder, name))
    await writeFile(conf, settings({ root, folder, fsid, monitor, gateway }))
    const map = join(folder, 'monmap')
    const address = `[v1:127.0.0.1:${monitor}]`
    await ask('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', address, map)
    await ask('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map)
    start('ceph-mon', '-i', 'a')
    const osd = randomUUID()
    await ask('ceph', 'osd', 'new', osd)
    await ask('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd)
    start('ceph-osd', '-i', '0')
    const { accessKeyId, secretAccessKey } = CREDENTIALS
    const keys = [`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`]
    await ask('radosgw-admin', 'user', 'create', '--uid=test', '--display-name=test', ...keys)
    start('radosgw', '-n', 'client.rgw')
    const endpoint = `http://127.0.0.1:${gateway}`
    await eventually(
      () =>
        fetch(endpoint)
          .then(answer => answer.ok)
          .catch(() => false),
      Boolean,
    )
    return { endpoint, credentials: CREDENTIALS, stop }
  } catch (error) {
    const logs = ['mon.a', 'osd.0', 'client.rgw'].map(name => join(folder, `${name}.log`))
    const told = await Promise.all(logs.filter(existsSync).map(log => readFile(log, 'utf8')))
    await stop()
    throw new Error(`Ceph did not start: ${(error as Error).message}\n${told.map(last).join('\n')}`)
  }
}

const last = (log: string) => log.split('\n').slice(-20).join('\n')

function settings(of: {
  root: string
  folder: string
  fsid: string
  monitor: number
  gateway: number
}): string {
  const { root, folder, fsid, monitor, gateway } = of
  const machine = ['x86_64', 'aarch64'].find(each => existsSync(join(root, `usr/lib/${each}-linux-gnu`)))
  const libraries = join(root, `usr/lib/${machine}-linux-gnu`)
  return `[global]
fsid = ${fsid}
mon host = [v1:127.0.0.1:${monitor}]
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${folder}
log file = ${folder}/$name.log
admin socket = ${folder}/$name.asok
crash dir = ${folder}
mon data = ${folder}/mon
mon data avail crit = 1
mon cluster log file = /dev/null
mon allow pool size one = true
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = ${4 * 2 ** 30}
osd class dir = ${libraries}/rados-classes
erasure code dir = ${libraries}/ceph/erasure-code
plugin dir = ${libraries}/ceph
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw thread pool size = 64
`
}
