/** Processes that are started again when they die, as the supervisor does, and killed as fate does. */
import { type Environment, type RunningProcess, startProcess } from './processes.ts'

export interface Fleet {
  /** Those that run now. */
  readonly running: readonly RunningProcess[]
  /** Signals one of them, chosen at random; resolves when another has taken its place. */
  strike(signal: NodeJS.Signals): Promise<void>
  stop(): Promise<void>
}

/** @param size how many at once. @param environment of the n-th process that is started, counted from 0. */
export async function startFleet(
  entry: string,
  size: number,
  environment: (started: number) => Promise<Environment> | Environment,
): Promise<Fleet> {
  const running: RunningProcess[] = []
  let started = 0
  let stopping = false

  async function start(): Promise<void> {
    const process = await startProcess(entry, await environment(started++))
    running.push(process)
    void process.gone.then(async () => {
      running.splice(running.indexOf(process), 1)
      if (!stopping) await start()
    })
  }
  await Promise.all(Array.from({ length: size }, start))

  return {
    running,
    async strike(signal) {
      const victim = running[Math.floor(Math.random() * running.length)]
      if (!victim) return
      await victim.kill(signal)
      while (running.length < size && !stopping) await new Promise(resolve => setTimeout(resolve, 20))
    },
    async stop() {
      stopping = true
      await Promise.all([...running].map(process => process.kill('SIGKILL')))
    },
  }
}
