/** Which bytes of an archive are taken: no two members may be made of the same ones, as those of some bombs are. */
export class Regions {
  /** Sorted, and apart. */
  readonly #taken: { start: number; end: number }[] = []

  /** @param end the first byte behind it. @returns false, and takes nothing, where a byte of it is taken. */
  claim(start: number, end: number): boolean {
    const place = this.#placeOf(start)
    const before = this.#taken[place - 1]
    const after = this.#taken[place]
    if ((before && before.end > start) || (after && after.start < end)) return false
    this.#taken.splice(place, 0, { start, end })
    return true
  }

  /** How many begin before. */
  #placeOf(start: number): number {
    let low = 0
    let high = this.#taken.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#taken[middle]!.start < start) low = middle + 1
      else high = middle
    }
    return low
  }
}
