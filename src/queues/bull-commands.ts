/**
 * Several of BullMQ's commands as one script. Each is a script of its own, which BullMQ has defined on the connection; here
 * they are the functions of one, called in their order. It is as atomic as a transaction, and a Redis that has forgotten
 * it is sent it again, where a transaction has no way to find out in time.
 */
import type { IRedisTransaction } from 'bullmq'
import type { Redis } from 'ioredis'
import { defineLua, type Script } from '../jobs/script.ts'
import { PREFIX } from './names.ts'

/** Those that flows are made of. */
const COMMANDS = [
  'addParentJob',
  'addStandardJob',
  'addPrioritizedJob',
  'addDelayedJob',
  'releaseParentIfNoPendingDependencies',
]

/** ARGV: for each command its name, how many keys and how many arguments it has, and these. Answers what each did. */
const CALL_EACH = `
local answers = {}
local at = 1
while at <= #ARGV do
  local name, keys, args = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local first = at + 3
  at = first + keys + args
  answers[#answers + 1] = commands[name]({ unpack(ARGV, first, first + keys - 1) }, { unpack(ARGV, first + keys, at - 1) }) or false
end
return answers
`

type Argument = string | number | Buffer

/** As ioredis keeps what was defined. */
type Defined = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>

/**
 * @param give is given what BullMQ takes for a transaction.
 * @returns what each of its commands answered. @throws where one of them refused.
 */
export type RunCommands = (
  give: (commands: IRedisTransaction) => Promise<void>,
) => Promise<[null, string | number][]>

export function createCommandRunner(redis: Redis): RunCommands {
  const defined = redis.scriptsSet as Defined
  let script: Script | undefined
  return async give => {
    const args: Argument[] = []
    const runCommand = (name: string, given: readonly Argument[]) => {
      const { numberOfKeys } = defined[name]!
      args.push(name, numberOfKeys, given.length - numberOfKeys, ...given)
    }
    await give({ runCommand } as unknown as IRedisTransaction)
    // Only now are they sure to be defined.
    script ??= defineLua(redis, luaOf(defined))
    const answers = (await script([`${PREFIX}:`], args)) as (string | number)[]
    const refused = answers.find(answer => typeof answer === 'number' && answer < 0)
    if (refused !== undefined) throw new Error(`BullMQ refused a job of a flow (${refused})`)
    return answers.map(answer => [null, answer])
  }
}

function luaOf(defined: Defined): string {
  const functions = Object.entries(defined)
    .filter(([name]) => COMMANDS.includes(name.split(':')[0]!))
    .map(([name, { lua }]) => `['${name}'] = function(KEYS, ARGV)\n${lua}\nend`)
  return `local commands = {\n${functions.join(',\n')}\n}\n${CALL_EACH}`
}
