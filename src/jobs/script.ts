/** Lua scripts beside their callers: loaded from `lua/`, sent whole once and whenever Redis lacks them, else by digest. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'

const folder = join(import.meta.dirname, 'lua')

export type Script = (
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>

/** @param files of `lua/`, without their ending, run as one script: what it builds on first, itself last. */
export function defineScript(redis: Redis, ...files: readonly string[]): Script {
  return defineLua(redis, readScript(...files))
}

/** Not by ioredis's `defineCommand`: it copies every command that was ever defined onto each transaction and pipeline. */
export function defineLua(redis: Redis, lua: string): Script {
  const digest = createHash('sha1').update(lua).digest('hex')
  let sent = false
  return (keys, args) => {
    // A list, not arguments: there may be more of them than the stack has room for.
    const call = (command: string, what: string) => redis.call(command, [what, keys.length, ...keys, ...args])
    if (!sent) {
      sent = true
      return call('eval', lua)
    }
    return call('evalsha', digest).catch((error: Error) => {
      // A Redis that was started anew, or whose scripts were flushed. Nothing has been run.
      if (!error.message.startsWith('NOSCRIPT')) throw error
      return call('eval', lua)
    })
  }
}

/** The text that Redis is sent, by which it can be recognised. */
export function readScript(...files: readonly string[]): string {
  return files.map(file => readFileSync(join(folder, `${file}.lua`), 'utf8')).join('\n')
}

/**
 * Redis's JSON takes no lone half of a surrogate pair, as a text cut in the middle has. In ours it is an escape, such as
 * `\ud83d`, which hardly any text holds: those that do are worth a second look at each value.
 */
export function jsonForLua(args: object): string {
  const text = JSON.stringify(args)
  return text.includes('\\ud') ? JSON.stringify(args, wellFormed) : text
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}
