/** Runs a task again and again, with a pause between, until the signal aborts; its errors are told, not fatal. */
export async function repeat(
  task: () => Promise<void>,
  pauseMs: number,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await task().catch(failed)
    await new Promise<void>(resolve => {
      if (signal.aborted) return resolve()
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, pauseMs)
      signal.addEventListener('abort', end)
    })
  }
}
