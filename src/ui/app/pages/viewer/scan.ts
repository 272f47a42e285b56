/** Starts a scan in a worker of its own, so that an expression that never ends can be stopped, too. */

import { signIn } from '../../service/call.ts'
import type { Report, Task } from './scan.worker.ts'
import workerUrl from './scan.worker.ts?worker&url'

/** Not every browser has trusted types, nor do TypeScript's. */
interface MayTrust {
  readonly trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL: () => string },
    ): { createScriptURL(url: string): string }
  }
}

/** The page's policy lets no string become a script but through this, and this knows one address only. */
const policy = (globalThis as MayTrust).trustedTypes?.createPolicy('sluice-workers', {
  createScriptURL: () => workerUrl,
})

/** @returns stops it */
export function scan(task: Task, onReport: (report: Report) => void): () => void {
  const worker = new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (isLast(data)) worker.terminate()
    if (data.kind === 'failed' && data.signedOut) signIn()
    onReport(data)
  }
  worker.onerror = () =>
    onReport({
      kind: 'failed',
      message: 'The browser could not read the file. Load the page again.',
      signedOut: false,
    })
  worker.postMessage(task)
  return () => worker.terminate()
}

function isLast(report: Report): boolean {
  if (report.kind === 'indexed') return report.part.done
  return report.kind === 'failed' || report.done
}
