/** What the command of a role alone does with words: it takes none, and who asks what it is should not start a service. */

/** Ends the process where there are any: with 0 for `--help`, with 2 for what is not known. */
export function takeNoWords(usage: string): void {
  const words = process.argv.slice(2)
  if (words.length === 0) return
  const asks = words.includes('--help') || words.includes('-h')
  if (asks) process.stdout.write(`${usage}\n`)
  else process.stderr.write(`Unknown option '${words[0]}': see --help.\n`)
  process.exit(asks ? 0 : 2)
}
