/** The names of the redacted texts: the files' own, unpacked, and told apart where they are the same. */

/** Endings that only say how a file was packed, as often as it was. */
const PACKED = /(?<=.)(?:\.(?:gz|gzip|zst|zstd))+$/i

/** @returns in the same order: `redacted/app.log` for `app.log.gz`, and `redacted/app-2.log` for the second one. */
export function artifactNames(fileNames: readonly string[]): string[] {
  const taken = new Set<string>()
  return fileNames.map(fileName => {
    const name = fileName.replace(PACKED, '')
    const dot = name.lastIndexOf('.')
    const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
    let candidate = name
    for (let number = 2; taken.has(candidate); number++) candidate = `${stem}-${number}${extension}`
    taken.add(candidate)
    return `redacted/${candidate}`
  })
}
