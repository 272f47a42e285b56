/** Tells what a machine made from what a person wrote: the second look that most rules take at what they matched. */

/** Bits a character, by the text's own frequencies (Shannon, "A mathematical theory of communication", 1948). */
export function entropy(text: string): number {
  const counts = new Map<number, number>()
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** Said instead of a secret, as a whole. */
const STAND_IN =
  /^(?:null|none|nil|undefined|true|false|yes|no|on|off|ok|empty|unset|missing|required|optional|invalid|valid|expired|unknown|disabled|enabled|not_?set|n\/a|default|redacted|masked|hidden|filtered|removed|censored|secret|password|passwd|token|string|str|char|bytes?|int|integer|bool|boolean|any|void|object|todo|tbd|0+|\*+|x{3,}|\.{3,}|-+|_+|\?+|#+|•+)$/i
/** A reference to where the secret is, or a hole to fill it into: `${TOKEN}`, `{{ token }}`, `<token>`, `%s`. */
const HOLE =
  /^(?:\$\{|\{\{|\$\(|\$\w|<[^>]*>?$|%[({%a-z]|%\w+%$|\{\w*\}|\[[^\]]*\]?$|@\w+@$|!ref\b|!sub\b|ref\+|op:\/\/|vault:|secretref:|arn:aws:)/i
/** Words that only examples hold. */
const EXAMPLE =
  /example|sample|placeholder|dummy|changeme|change[_-]me|your[_-]|[_-]here\b|KeyHere|TokenHere|insert[_-]|replace[_-]|redacted|xxxx|\.\.\.|\*\*\*|<[a-z]/i

/** Typed along the alphabet. */
const ALPHABET = /abcdefghijkl|ABCDEFGHIJKL/

/** Whether nothing stands where a secret would: `null`, `${TOKEN}`, `<token>`, `xxxxxxxx`. */
export function isStandIn(value: string): boolean {
  return STAND_IN.test(value) || HOLE.test(value)
}

/** The same, and what examples hold instead: `your-token-here`. A password may well be such a word. */
export function isPlaceholder(value: string): boolean {
  return isStandIn(value) || EXAMPLE.test(value)
}

const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g

/** Letters a word or number has on average; random text changes between the kinds of characters all the time. */
function wordLength(text: string): number {
  const words = text.match(WORDS)
  if (!words) return 0
  return words.reduce((sum, word) => sum + word.length, 0) / words.length
}

/** Whether a value reads like names and words: `AppWindowToken`, `my-first-key`, `com.example.Main`. */
export function isWordy(value: string): boolean {
  return !/\d/.test(value) && wordLength(value) >= 3.2
}

/** The same for a value that may be numbered: `agent-started-on-host-0123`. */
export function readsLikeWords(value: string): boolean {
  return wordLength(value) >= 3.5
}

const REPEATED = /(.)\1{5,}/g

/** Whether one character makes up a good part of the text in a row. */
function isRow(text: string): boolean {
  return text.match(REPEATED)?.some(row => row.length >= text.length * 0.3) ?? false
}

/**
 * Whether the value can have come from a generator of secrets: spread over its alphabet as chance would, no words, no
 * row of the same character, no placeholder. Meant for values of a known form, from 10 characters on.
 */
export function looksGenerated(value: string): boolean {
  if (EXAMPLE.test(value) || ALPHABET.test(value) || isRow(value)) return false
  if (isWordy(value)) return false
  // A generator's text of n characters comes close to log2(n) bits as long as its alphabet is larger than that.
  return entropy(value) >= Math.min(3, 0.68 * Math.log2(value.length))
}

/** Whether a value of unknown form is probably a secret: more is asked of it than of a known form. */
export function looksSecret(value: string): boolean {
  return !isPlaceholder(value) && looksGenerated(value) && /\d/.test(value) && /[A-Za-z]/.test(value)
}
