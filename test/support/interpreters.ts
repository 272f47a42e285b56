/** The languages that the documents show receivers in: those of this machine, or else unpacked from Debian's packages. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { environmentOf, unpacked } from './debian.ts'

const run = promisify(execFile)

export interface Interpreter {
  readonly program: string
  /** Before the file. */
  readonly options: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

interface Language {
  readonly packages: readonly string[]
  /** Whether the interpreter of this machine will do, and its libraries with it. */
  readonly try: readonly string[]
  readonly program: string
  readonly options?: readonly string[]
  /** Where it was unpacked into `root`. */
  readonly brought: (root: string) => Omit<Interpreter, 'options'>
}

const LANGUAGES = {
  python: {
    packages: ['python3'],
    try: ['-c', 'import http.server, hmac'],
    program: 'python3',
    brought: root => ({ program: join(root, 'usr/bin/python3'), env: { PYTHONHOME: join(root, 'usr') } }),
  },
  go: {
    packages: ['golang-go'],
    try: ['version'],
    program: 'go',
    options: ['run'],
    brought: root => ({
      program: join(root, 'usr/lib/go/bin/go'),
      env: { GOROOT: join(root, 'usr/lib/go') },
    }),
  },
  ruby: {
    packages: ['ruby', 'ruby-webrick'],
    try: ['-e', 'require "webrick"; require "openssl"'],
    program: 'ruby',
    brought: root => ({
      program: join(root, 'usr/bin/ruby'),
      env: { RUBYOPT: '--disable-gems', RUBYLIB: rubyFolders(root).join(':') },
    }),
  },
  php: {
    packages: ['php-cli'],
    try: ['--version'],
    program: 'php',
    brought: root => ({
      program: join(
        root,
        'usr/bin',
        readdirSync(join(root, 'usr/bin')).find(name => /^php\d[\d.]*$/.test(name))!,
      ),
      env: {},
    }),
  },
} satisfies Record<string, Language>

export type LanguageName = keyof typeof LANGUAGES

/** @returns null where it cannot be had, which has been said loudly. @throws under `CI`, instead. */
export async function findInterpreter(name: LanguageName): Promise<Interpreter | null> {
  const language: Language = LANGUAGES[name]
  const options = language.options ?? []
  const here = await run(language.program, [...language.try]).catch(() => null)
  if (here) return { program: language.program, options, env: {} }
  const at = (root: string): Interpreter => {
    const { program, env } = language.brought(root)
    return { program, options, env: { ...environmentOf(root), ...env } }
  }
  const root = await unpacked({
    name,
    purpose: `The receivers in ${name}`,
    packages: language.packages,
    async works(root) {
      try {
        const { program, env } = at(root)
        await run(program, [...language.try], { env })
        return true
      } catch {
        return false
      }
    },
  })
  return root === null ? null : at(root)
}

/** Its own, which it looks for at the system's root, and those of gems. */
function rubyFolders(root: string): string[] {
  const within = (folder: string) => {
    try {
      return readdirSync(join(root, folder)).map(name => join(root, folder, name))
    } catch {
      return []
    }
  }
  return [
    ...within('usr/lib/ruby').flatMap(folder => (folder.endsWith('vendor_ruby') ? [folder] : [folder])),
    ...['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap(machine => within(`usr/lib/${machine}/ruby`)),
    ...within('usr/share/rubygems-integration/all/gems').map(gem => join(gem, 'lib')),
  ]
}
