/**
 * Secrets of nobody, for examples: as random as real ones, the same in every run, and put together only when the tests
 * run, so that nobody's scanner takes this repository for a leak.
 */
const DIGITS = '0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()

let state = 20_240_307

/** Numerical Recipes' linear congruential generator: good enough to look random. */
function next(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

/** With a digit and, where it has any, a letter among the first characters, as all but a few real ones have. */
function from(alphabet: string, length: number): string {
  const one = (characters: string) => characters[next(characters.length)]!
  const letters = alphabet.replace(/[^A-Za-z]/g, '')
  const digits = alphabet.replace(/\D/g, '')
  let text = one(letters || digits) + one(digits || letters)
  while (text.length < length) text += one(alphabet)
  return text.slice(0, length)
}

export const hex = (length: number) => from(`${DIGITS}abcdef`, length)
export const digits = (length: number) => from(DIGITS, length)
export const alnum = (length: number) => from(DIGITS + LOWER + UPPER, length)
export const upper = (length: number) => from(DIGITS + UPPER, length)
export const base32 = (length: number) => from(`234567${UPPER}`, length)
export const lower = (length: number) => from(DIGITS + LOWER, length)
export const uuid = () => [8, 4, 4, 4, 12].map(hex).join('-')
