/**
 * One process of ours that is kept running. What parent and child say to each other:
 *
 * - child → parent: `{type: 'ready', url?}` once it serves; `{type: 'failed', message}`, one sentence, before it exits
 *   because it cannot start.
 * - parent → child: SIGTERM, to end in order. A child that loses its parent (`disconnect`) does the same by itself.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { explainExit } from '../redis/server.ts'
import { createRestartPause } from '../restart-pause.ts'

export type Message = { type: 'ready'; url?: string } | { type: 'failed'; message: string }

/** A child that never got as far as being ready. Its message is one sentence. */
export class ChildStartError extends Error {
  override readonly name = 'ChildStartError'
}

export interface Child {
  /** The URL it serves, if any; rejects with a ChildStartError when its very first start fails. */
  readonly ready: Promise<string | undefined>
  /** Ends it in order, by force after `ms`; false: by force. */
  stop(ms: number): Promise<boolean>
  /** Ends it at once, and for good. */
  kill(): Promise<void>
}

export interface ChildOptions {
  /** For the log. */
  readonly name: string
  readonly program: URL
  readonly environment: NodeJS.ProcessEnv
  readonly log: Log
}

export function startChild({ name, program, environment, log }: ChildOptions): Child {
  const ready = Promise.withResolvers<string | undefined>()
  // Whoever only stops it does not ask.
  ready.promise.catch(() => {})
  const stopping = new AbortController()
  let everReady = false
  let current = launch()

  function launch() {
    const child = fork(program, { env: environment, stdio: 'inherit' })
    let failure: string | null = null
    child.on('message', (message: Message) => {
      if (message.type === 'failed') failure = message.message
      else {
        everReady = true
        ready.resolve(message.url)
      }
    })
    return { child, ended: ended(child), failure: () => failure }
  }

  const run = async () => {
    const pause = createRestartPause()
    for (let started = Date.now(); ; started = Date.now()) {
      const exit = await current.ended
      if (stopping.signal.aborted) return
      const how = explainExit(exit)
      const failure = current.failure()
      // A signal comes from outside, and says nothing against trying again.
      if (!everReady && exit.signal === null) {
        const unsaid = `The ${name} process ${how} before it was ready; its own words are above.`
        ready.reject(new ChildStartError(failure ?? unsaid))
        return
      }
      log.error(
        `${name} (pid ${current.child.pid}) ${how}${failure ? ` (${failure})` : ''}; starting it again`,
      )
      // Cut short where it is stopped meanwhile.
      await delay(pause(Date.now() - started), undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      current = launch()
      log.info(`${name} runs again (pid ${current.child.pid})`)
    }
  }
  const done = run()

  const end = async (signal: NodeJS.Signals) => {
    stopping.abort()
    current.child.kill(signal)
    await current.ended
    await done
  }
  return {
    ready: ready.promise,
    async stop(ms) {
      const force = AbortSignal.timeout(ms)
      force.addEventListener('abort', () => current.child.kill('SIGKILL'))
      await end('SIGTERM')
      return !force.aborted
    },
    kill: () => end('SIGKILL'),
  }
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}
