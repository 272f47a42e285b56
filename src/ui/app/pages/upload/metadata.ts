/** A job's metadata as somebody writes it: names and texts. */
export type Pair = readonly [name: string, value: string]

/** Pairs without a name are left out. */
export function metadataOf(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(([name, value]) => [name.trim(), value.trim()]).filter(([name]) => name),
  )
}
