/** What had lived for this long did not die of its own start. Milliseconds. */
const SETTLED = 10_000
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 5_000

/**
 * How long to wait before a dead process is started again: not at all the first time, then twice as long with each
 * death that follows soon after its start.
 *
 * @returns a function from the milliseconds that the process lived to the milliseconds to wait.
 */
export function createRestartPause(): (lived: number) => number {
  let next = 0
  return lived => {
    const pause = lived >= SETTLED ? 0 : next
    next = Math.min(Math.max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
    return pause
  }
}
