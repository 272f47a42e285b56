/** Reads what a stack trace says, in the languages that most logs are written by. */
import { detached } from '../input/lines.ts'

export interface StackTrace {
  /** The exception's type, then its cause's, and so on to the root. Types are as they stand in the log. */
  readonly types: readonly string[]
  /** Where the first was thrown, then what called it. */
  readonly frames: readonly string[]
}

/** `java.io.IOException`, `TypeError`, `Foo::BarError`, at the head of a line or behind a word of it. */
const TYPE =
  /(?<![\w.$])((?:[A-Za-z_$][\w$]*(?:\.|::)){0,12}[A-Z][\w$]*(?:Exception|Error|Failure|Panic|Fault|Interrupt|Timeout))(?![\w$])/
/** Java's, and .NET's. */
const CAUSE = /^\s*(?:Caused by: |---> (?:\(Inner Exception #\d+\) )?)([A-Za-z_$][\w$.+`]{0,200})/
const END_OF_INNER = /^\s*--- End of inner exception/
/** The last line of a Python traceback; the exception of one that goes before another is its cause. */
const PYTHON = /^((?:[A-Za-z_]\w*\.){0,8}[A-Z]\w*)(?::|$)/
/** Go and Rust panic with a sentence in place of a type. */
const PANIC =
  /(?:^|\s)panic: (.{1,80}?)(?: \[recovered\]|$)|^thread '[^']{0,80}' panicked at (?:'([^']{1,80})|\S{1,160}:$)/
const RUBY = /^(\S{1,160}):\d{1,7}:in [`'](\S{1,80}?)': .{0,400}\(([A-Z][\w:]{0,120})\)/

/** Java, JavaScript and .NET; Python; Ruby; Go (a call, then its file in the next line); Rust's numbered ones. */
const AT = /^\s+at (?:async |new )?([\w$.<>`/[\]|+~-]{1,200}?)\s?(?:\(|$|:)/
const PYTHON_FRAME = /^\s+File "([^"]{1,200})", line \d{1,7}(?:, in (\S{1,120}))?/
const RUBY_FRAME = /^\s+from \S{1,200}:in [`'](\S{1,120}?)'/
const GO_FRAME = /^([\w./~-]{1,160}\.(?:\(\*?\w{1,80}\)\.)?\w[\w.]{0,80})\(/
const RUST_FRAME = /^\s{1,6}\d{1,4}: (?:0x[0-9a-f]{1,16} - )?([\w:<>{} ]{1,200})$/
/** Frames of the runtime itself, which every trace has. */
const RUNTIME = /^(?:rust_begin_unwind|core::panicking|std::|panic$|runtime\.|main\.main\.func|goroutine)/

const MOST_FRAMES = 3
const MOST_TYPES = 6

/** Null where there is no frame: a type that is merely mentioned is no stack trace. */
export function readStackTrace(message: string, continuation: readonly string[]): StackTrace | null {
  const frames: string[] = []
  const causes: string[] = []
  const pythons: { type: string; frames: string[] }[] = []
  let python: string[] = []
  let type: string | null = null
  let causesFirst = false
  let said: string | null = panicOf(message)
  for (const line of continuation) {
    const called = frameOf(line)
    if (called) {
      // Causes have frames, too, but where the first was thrown says more. Only .NET tells the causes first.
      if ((causes.length === 0 || causesFirst) && frames.length < MOST_FRAMES && !RUNTIME.test(called))
        frames.push(called)
      continue
    }
    const [, file, within] = PYTHON_FRAME.exec(line) ?? []
    if (file) {
      python.unshift(`${within ?? '<module>'} (${file.split(/[\\/]/).at(-1)})`)
      continue
    }
    const cause = CAUSE.exec(line)?.[1]
    if (cause) {
      causesFirst ||= frames.length === 0
      if (causes.length < MOST_TYPES) causes.push(cause)
      continue
    }
    if (causesFirst && END_OF_INNER.test(line)) frames.length = 0
    const thrown = python.length > 0 ? PYTHON.exec(line)?.[1] : undefined
    if (thrown) {
      pythons.push({ type: thrown, frames: python })
      python = []
      continue
    }
    said ??= panicOf(line)
    if (frames.length === 0) type ??= TYPE.exec(line)?.[1] ?? null
  }
  const last = pythons.at(-1)
  // Of Python's tracebacks the last one is what was seen, and those before are its causes.
  if (last)
    return trace(
      pythons.toReversed().map(each => each.type),
      last.frames,
    )
  const [, file, method, ruby] = RUBY.exec(message) ?? RUBY.exec(continuation[0] ?? '') ?? []
  if (ruby) return trace([ruby], [`${method} (${file!.split('/').at(-1)})`, ...frames])
  const outermost = said ?? type ?? TYPE.exec(message)?.[1]
  return outermost && frames.length > 0 ? trace([outermost, ...causes], frames) : null
}

/** `SQLException` of `java.sql.SQLException`. */
export function shortName(type: string): string {
  return type.startsWith('panic') ? type : type.split(/[.:+]+/).at(-1)!
}

function frameOf(line: string): string | null {
  const [, called] =
    AT.exec(line) ?? RUBY_FRAME.exec(line) ?? RUST_FRAME.exec(line) ?? GO_FRAME.exec(line) ?? []
  return called?.trim() ?? null
}

function panicOf(line: string): string | null {
  const [found, go, rust] = PANIC.exec(line) ?? []
  if (!found) return null
  // Numbers in it (an index, a length) would make each panic one of its own.
  return `panic: ${(go ?? rust ?? 'thread panicked').replace(/0x[0-9a-f]+|\d+/g, 'N')}`
}

function trace(types: readonly string[], frames: readonly string[]): StackTrace {
  return {
    types: types
      .slice(0, MOST_TYPES)
      .filter((type, at, all) => type !== all[at - 1])
      .map(detached),
    frames: frames.slice(0, MOST_FRAMES).map(detached),
  }
}
