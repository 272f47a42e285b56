/** The names of the redacted texts: the files' own, unpacked, and told apart where they are the same. */

/** Endings that only say how a file was packed, as often as it was. */
const PACKED = /(?<=[^/])(?:\.(?:gz|gzip|zst|zstd))+$/i

/**
 * @param paths names of files, or paths of members.
 * @returns in the same order: `redacted/app.log` for `app.log.gz`, and `redacted/app-2.log` for the second one.
 */
export function artifactNames(paths: readonly string[]): string[] {
  const taken = new Set<string>()
  /** Where the search for a free number goes on: thousands of members may have one name. */
  const numbers = new Map<string, number>()
  return paths.map(path => {
    const name = path.replace(PACKED, '')
    const dot = name.lastIndexOf('.')
    const [stem, extension] =
      dot > name.lastIndexOf('/') + 1 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
    let candidate = name
    let number = numbers.get(name) ?? 2
    for (; taken.has(candidate); number++) candidate = `${stem}-${number}${extension}`
    numbers.set(name, number)
    taken.add(candidate)
    return `redacted/${candidate}`
  })
}
