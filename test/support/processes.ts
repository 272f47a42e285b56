/** Real processes of ours, started and killed as an operator, or fate, would. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
export const API = join(root, 'src/api/main.ts')
export const WORKER = join(root, 'src/workers/main.ts')

export interface RunningProcess {
  readonly pid: number
  /** Of an API: where it listens. */
  readonly url: string
  /** Resolves when it has gone, however it went. */
  readonly gone: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** What it has printed so far. */
  output(): string
  /** Resolves when what it prints matches; at once where it already does. */
  printed(pattern: RegExp): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
}

export type Environment = Readonly<Record<string, string>>

/** Starts the entry and waits until it says that it is ready. @throws what it printed, if it ends before. */
export async function startProcess(entry: string, env: Environment): Promise<RunningProcess> {
  const child = fork(entry, {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let printed = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      for (const look of waiting) look()
    })
  }
  const gone = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  const url = await readiness(child, () => printed)
  return {
    pid: child.pid!,
    url,
    gone,
    output: () => printed,
    printed: pattern =>
      new Promise(resolve => {
        const look = () => {
          if (!pattern.test(printed)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    async kill(signal) {
      child.kill(signal)
      await gone
    },
  }
}

async function readiness(child: ChildProcess, printed: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { type: string; url?: string; message?: string }) => {
      if (message.type === 'ready') resolve(message.url ?? '')
      else reject(new Error(message.message))
    })
    child.once('exit', code =>
      reject(new Error(`the process ended with ${code} before it was ready:\n${printed()}`)),
    )
    child.once('error', reject)
  })
}
