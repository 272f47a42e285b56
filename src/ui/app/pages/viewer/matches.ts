/** The way through the lines that a search has found: from 1, in order. */

/**
 * @param step 1: the next match after `line`, −1: the one before it; beyond the last one it goes on at the first
 * @returns null where there is none
 */
export function matchFrom(lines: readonly number[], line: number, step: 1 | -1): number | null {
  const at = firstAtLeast(lines, line)
  if (step < 0) return lines[at - 1] ?? lines.at(-1) ?? null
  return lines[lines[at] === line ? at + 1 : at] ?? lines[0] ?? null
}

/** How many matches stand before a line. */
export function firstAtLeast(lines: readonly number[], line: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]! < line) low = middle + 1
    else high = middle
  }
  return low
}

export function isMatch(lines: readonly number[], line: number): boolean {
  return lines[firstAtLeast(lines, line)] === line
}
