/** How lines look that continue an entry: stack traces of many languages, wrapped and indented text. */

/**
 * At the beginning of a line; what is indented is not asked. Java's and .NET's causes, Python's, Go's, Rust's and Node's
 * introductions, closing brackets of what was printed over several lines.
 */
const TRACE_LINE =
  /^(?:Caused by: |Suppressed: |Traceback \(most recent call last\)|During handling of the above exception|The above exception was the direct cause|\.\.\. \d+ more|at \S+[ (]|-{2,3}> |--- End of |\[cause\]:|stack backtrace:|note: run with `RUST_BACKTRACE|note: Some details are omitted|goroutine \d+ |created by |\[signal SIG|exit status \d|runtime\.\w+\(|Node\.js v\d|[}\])]+[,;]?$)/

/** First characters of the above. */
const BEGINS: ReadonlySet<number> = new Set(Array.from('CSTD.a-[sngcerN})]', letter => letter.charCodeAt(0)))

export function continuesEntry(line: string): boolean {
  const code = line.charCodeAt(0)
  // Empty, a blank, a tab or the like.
  if (Number.isNaN(code) || code === 32 || (code >= 9 && code <= 13)) return true
  return BEGINS.has(code) && TRACE_LINE.test(line)
}

/**
 * Lines of a trace that look like any other: Python's last line, which names the exception; Go's function calls; the
 * message of a Rust panic. Asked where lines have no header to tell them apart.
 */
export class TraceFollower {
  #within: 'python' | 'go' | 'rust' | null = null

  /** To be told each line. @returns whether it continues the trace at hand. */
  follows(line: string): boolean {
    const begun = beginningOf(line)
    if (begun) {
      const continued = this.#within === begun && begun !== 'rust'
      this.#within = begun
      return continued
    }
    if (this.#within === null || line === '' || line.charCodeAt(0) === 32 || line.charCodeAt(0) === 9)
      return false
    const within = this.#within
    if (within === 'go') {
      if (GO_CALL.test(line)) return true
      this.#within = null
      return false
    }
    // One line: the exception, or the panic's message.
    this.#within = null
    return within === 'rust' || PYTHON_EXCEPTION.test(line)
  }
}

const GO_CALL =
  /^(?:[\w./$*()-]+\(.*\)|created by .*|goroutine \d+ .*|exit status \d+|\[signal .*|panic: .*)$/
const PYTHON_EXCEPTION = /^[A-Za-z_][\w.]*(?:: |:?$)/
const BEGINNINGS: readonly (readonly ['python' | 'go' | 'rust', RegExp])[] = [
  ['python', /^Traceback \(most recent call last\)/],
  ['go', /^(?:panic: |fatal error: |goroutine \d+ \[)/],
  ['rust', /^thread '[^']*' (?:\(\d+\) )?panicked at /],
]

function beginningOf(line: string) {
  const code = line.charCodeAt(0)
  // T, p, f, g, t
  if (code !== 84 && code !== 112 && code !== 102 && code !== 103 && code !== 116) return null
  return BEGINNINGS.find(([, pattern]) => pattern.test(line))?.[0] ?? null
}
