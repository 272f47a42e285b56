/** Lua scripts beside their callers: loaded from `lua/`, sent once, called by their digest. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'

const folder = join(import.meta.dirname, 'lua')

export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

/** @param files of `lua/`, without their ending, run as one script: what it builds on first, itself last. */
export function defineScript(redis: Redis, ...files: readonly string[]): Script {
  const lua = readScript(...files)
  const command = `sluice:${files.at(-1)}`
  redis.defineCommand(command, { lua })
  const run = (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[command]!
  return (keys, args) => run.call(redis, keys.length, ...keys, ...args)
}

/** The text that Redis is sent, by which it can be recognised. */
export function readScript(...files: readonly string[]): string {
  return files.map(file => readFileSync(join(folder, `${file}.lua`), 'utf8')).join('\n')
}
