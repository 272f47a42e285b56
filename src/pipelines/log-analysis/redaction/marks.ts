/** What stands in a secret's place. */
import { createHmac } from 'node:crypto'

export type Mark = (kind: string, secret: string) => string

/** What every fixed mark begins with. */
export const FIXED_MARK = '[REDACTED:'

export const fixedMark: Mark = kind => `${FIXED_MARK}${kind}]`

/** Values whose pseudonym is remembered; a log repeats its addresses far more often than it brings new ones. */
const REMEMBERED = 20_000

/**
 * The same for the same value within a job, and nothing to compare across jobs: the key is the job's own.
 *
 * @param key any string; as secret as what it hides, since short values could be guessed with it.
 */
export function pseudonymMark(key: string): Mark {
  const known = new Map<string, string>()
  return (kind, secret) => {
    const value = `${kind}:${secret}`
    const remembered = known.get(value)
    if (remembered) return remembered
    const mark = `[${kind}:${createHmac('sha256', key).update(value).digest('hex').slice(0, 6)}]`
    if (known.size >= REMEMBERED) known.clear()
    // A copy: a key cut from a chunk would keep the chunk in memory.
    known.set(Buffer.from(value).toString(), mark)
    return mark
  }
}
