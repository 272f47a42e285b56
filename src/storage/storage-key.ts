/** What a key is, whichever the driver: `<job id>/<name>`. Keys are made by Sluice, so a wrong one is a defect. */

/** Also what a job id and the name of a mark are made of. */
const PART = /^[A-Za-z0-9_-]+$/
const LONGEST = 180

export interface StorageKey {
  readonly jobId: string
  readonly name: string
}

/** Null for what is no key. */
export function parseKey(key: string): StorageKey | null {
  const [jobId = '', name = '', ...more] = key.split('/')
  const isKey = PART.test(jobId) && PART.test(name) && more.length === 0 && key.length <= LONGEST
  return isKey ? { jobId, name } : null
}

/** @throws TypeError for what is no key. */
export function requireKey(key: string): StorageKey {
  const parsed = parseKey(key)
  if (!parsed) throw new TypeError(`${JSON.stringify(key)} is not a storage key.`)
  return parsed
}

/** @throws TypeError for what could be no part of a key. */
export function requirePart(text: string, what: string): void {
  if (!PART.test(text) || text.length > LONGEST)
    throw new TypeError(`${JSON.stringify(text)} is not a ${what}.`)
}
