/** How the pattern of a token is written: its form alone; that it stands by itself is added here. */

/** Not inside of another word; `\n` and the like of an escaped text, and `%3D` of an encoded one, end a word, too. */
const BEGIN = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt]|%[0-9A-Fa-f]{2}))`
const END = '(?![A-Za-z0-9])'

/**
 * A global pattern for a whole word of the given form: word`ghp_[A-Za-z0-9]{36}`. A group named `secret` in it is what
 * will be replaced; without one it is all of it.
 */
export function word({ raw }: TemplateStringsArray): RegExp {
  const source = raw.join('')
  return new RegExp(`${BEGIN}(?:${source})${END}`, source.includes('(?<secret>') ? 'dg' : 'g')
}
