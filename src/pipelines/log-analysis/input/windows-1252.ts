/** One byte a character: ISO 8859-1, and what Windows-1252 has in place of its second block of control characters. */

/** From 0x80 on; what Windows-1252 leaves undefined stays as it is (WHATWG Encoding Standard, index-windows-1252). */
const FROM_80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** @returns `windows`: whether any character is one that only Windows-1252 has. */
export function windows1252(bytes: Buffer): { text: string; windows: boolean } {
  const latin = bytes.toString('latin1')
  let windows = false
  const text = latin.replace(/[\x80-\x9f]/g, character => {
    windows = true
    return FROM_80[character.charCodeAt(0) - 0x80]!
  })
  return { text, windows }
}
