/** What the figures were measured on; without it they say little. */
import { availableParallelism, cpus, totalmem, type } from 'node:os'
import { createLog } from '../src/log.ts'
import { findRedis } from '../src/redis/binary.ts'

/** One line. */
export async function describeMachine(): Promise<string> {
  const redis = await findRedis({ log: createLog({ level: 'info', format: 'text', role: 'bench' }) })
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    type(),
    `Node ${process.versions.node}`,
    `Redis ${redis.version}`,
  ].join(' · ')
}
