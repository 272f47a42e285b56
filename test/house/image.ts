/** What the Dockerfile makes, as far as it can be known without an engine. */
import { cp, mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast'
import { ROOT, read } from './project.ts'

const dockerfile = DockerfileParser.parse(read('Dockerfile'))

/** The instructions of the stage that becomes the image. */
export const finalStage: readonly Instruction[] = dockerfile
  .getInstructions()
  .slice(dockerfile.getInstructions().findLastIndex(each => each.getKeyword() === 'FROM'))

export const baseImages = dockerfile.getFROMs().map(from => from.getImage()!)

/** Each COPY from the checkout, in every stage. */
export const copies = copiesOf(dockerfile.getInstructions())

export function instruction(keyword: string): Instruction | undefined {
  return finalStage.findLast(each => each.getKeyword() === keyword)
}

/** The words of a CMD or HEALTHCHECK in its JSON form. */
export function commandOf(keyword: 'CMD' | 'HEALTHCHECK'): string[] {
  const text = instruction(keyword)!.getArgumentsContent()!
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

/** The image's environment, of what the Dockerfile sets. */
export const environment: Readonly<Record<string, string>> = Object.fromEntries(
  finalStage
    .filter(each => each.getKeyword() === 'ENV')
    .flatMap(each => each.getArguments().map(argument => argument.getValue().split('=', 2))),
)

function copiesOf(instructions: readonly Instruction[]): { sources: string[]; target: string }[] {
  return instructions
    .filter(each => each.getKeyword() === 'COPY')
    .filter(each => !(each as Copy).getFlags().some(flag => flag.getName() === 'from'))
    .map(each => {
      const words = each.getArguments().map(argument => argument.getValue())
      return { sources: words.slice(0, -1), target: words.at(-1)! }
    })
}

/** True where `.dockerignore` lets a path into the build. It is a list of what stays in: `*`, then `!path` lines. */
export function isInBuild(path: string): boolean {
  const lines = read('.dockerignore')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  if (lines.shift() !== '*' || lines.some(line => !/^![\w.-]+$/.test(line)))
    throw new Error('.dockerignore is no longer "*" followed by the names that stay in')
  return lines.includes(`!${path.split('/')[0]}`)
}

/**
 * Makes a folder with what the image's working directory holds: what is copied, and production dependencies only.
 *
 * @returns its path; the caller removes it.
 */
export async function assembleImage(): Promise<string> {
  const app = await mkdtemp(join(tmpdir(), 'sluice-image-'))
  for (const { sources, target } of copiesOf(finalStage)) {
    for (const source of sources) {
      const into = target === './' ? join(app, source) : join(app, target)
      await cp(join(ROOT, source), into, { recursive: true })
    }
  }
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (dev || devOptional || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)) continue
    await mkdir(dirname(join(app, path)), { recursive: true })
    await symlink(join(ROOT, path), join(app, path))
  }
  return app
}
