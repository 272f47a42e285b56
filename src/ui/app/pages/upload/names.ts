/** What files are called: the service keeps base names alone, and a folder of logs may hold the same one many times. */

interface Named {
  readonly id: string
  readonly name: string
  /** With the name at its end; of a file that was chosen by itself there is none. */
  readonly path: string | null
}

/** @returns by their ids; where a name comes twice it is told apart by as many folders as that takes */
export function distinctNames(files: readonly Named[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const same of Map.groupBy(files, ({ name }) => name).values()) {
    const deepest = Math.max(...same.map(({ path }) => partsOf(path).length))
    let depth = 1
    const called = () => same.map(({ name, path }) => partsOf(path).slice(-depth).join('_') || name)
    while (depth < deepest && new Set(called()).size < same.length) depth++
    for (const [at, name] of called().entries()) names.set(same[at]!.id, name)
  }
  return names
}

function partsOf(path: string | null): string[] {
  return path?.split('/').filter(Boolean) ?? []
}
