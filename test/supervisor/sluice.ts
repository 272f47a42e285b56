/** A supervisor as a process group of its own, as a terminal would start it. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

export interface Sluice {
  readonly pid: number
  output(): string
  errors(): string
  /** The first match, as soon as it was printed. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** To it and to all that it started, except Redis; what a Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void
  /** Ends the whole group, in order if it can. */
  end(): Promise<void>
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const FIXTURE = fileURLToPath(new URL('./programs/main.ts', import.meta.url))
export const REAL = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export function startSluice(
  environment: Record<string, string>,
  { program = FIXTURE, args = [] as string[] } = {},
): Sluice {
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, [program, ...args], {
    detached: true,
    env: { PATH, HOME, PORT: '0', SLUICE_WORKERS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text.output += chunk
  })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    text.errors += chunk
  })
  const exited: Sluice['exited'] = new Promise(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const signalGroup = (signal: NodeJS.Signals) => {
    process.kill(-child.pid!, signal)
  }
  /** The group is gone when its last process is. */
  const tryGroup = (signal: NodeJS.Signals) => {
    try {
      signalGroup(signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return {
    pid: child.pid!,
    output: () => text.output,
    errors: () => text.errors,
    async printed(pattern) {
      await expect.poll(() => text.output, { interval: 10 }).toMatch(pattern)
      return pattern.exec(text.output)!
    },
    signalGroup,
    async end() {
      tryGroup('SIGTERM')
      const force = setTimeout(tryGroup, 10_000, 'SIGKILL')
      await exited
      clearTimeout(force)
    },
    exited,
  }
}

/** Also true of a zombie that nobody has collected yet. */
export function isGone(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}
