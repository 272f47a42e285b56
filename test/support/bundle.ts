/** Modules of packages as one script that a browser runs: browsers find no packages. */
import { rolldown } from 'rolldown'

/** @param source a module; what it exports is found under `name` on the page. */
export async function bundle(name: string, source: string): Promise<string> {
  const entry = `\0${name}`
  await using build = await rolldown({
    input: entry,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: id => (id === entry ? id : null),
        load: id => (id === entry ? source : null),
      },
    ],
    cwd: new URL('../..', import.meta.url).pathname,
  })
  const { output } = await build.generate({ format: 'iife', name })
  return output[0].code
}
