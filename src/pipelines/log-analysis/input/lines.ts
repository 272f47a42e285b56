/**
 * A text's lines, chunk by chunk. Of a line longer than any header or message worth reading only the head is kept:
 * memory stays bounded whatever a line's length, and whoever needs all of a line reads the chunks themselves.
 */

/** Characters. Long enough for the longest JSON line that is still one entry to a person. */
const HEAD = 64 * 1024

export class LineSplitter {
  #pending = ''
  #overlong = false

  /** The lines that end in this chunk, without their line ends. */
  push(chunk: string): string[] {
    const lines: string[] = []
    let at = 0
    for (;;) {
      const end = chunk.indexOf('\n', at)
      if (end < 0) break
      lines.push(this.#line(chunk, at, end))
      at = end + 1
    }
    this.#keep(chunk, at, chunk.length)
    return lines
  }

  /** The last line, where the text does not end with a line end. */
  end(): string[] {
    return this.#pending === '' && !this.#overlong ? [] : [this.#line('', 0, 0)]
  }

  #line(chunk: string, at: number, end: number): string {
    if (this.#pending === '') {
      if (end - at <= HEAD) return withoutReturn(chunk.slice(at, end))
    }
    this.#keep(chunk, at, end)
    const line = this.#pending
    this.#pending = ''
    this.#overlong = false
    return withoutReturn(line)
  }

  #keep(chunk: string, at: number, end: number): void {
    const room = HEAD - this.#pending.length
    if (end - at > room) this.#overlong = true
    if (room > 0) this.#pending += chunk.slice(at, Math.min(end, at + room))
  }
}

function withoutReturn(line: string): string {
  let end = line.length
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--
  return end === line.length ? line : line.slice(0, end)
}

/** Strings cut from a chunk keep the whole chunk alive; what is kept for long is copied. */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}
