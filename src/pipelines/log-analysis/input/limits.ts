/** What an uploaded file may unpack to. All of its layers and members share one budget. */

export interface UnpackLimits {
  /** Most bytes that may come out at any depth, of all members together. */
  readonly size: number
  /** Most bytes that may come out for one that went in: of the whole upload, and of whatever is compressed in it. */
  readonly ratio: number
  /** Most archives and compressions within one another. */
  readonly depth: number
  /** Most members, whatever archives they are in. */
  readonly members: number
}

/**
 * Up to here no ratio is too high: a small file of one line, repeated, is no bomb, and gzip's best, 1,032 to 1, is
 * reached by any text that repeats itself.
 */
const RATIO_GRACE = 4 * 1024 * 1024

/** Says which limit, and what of: the file and the member at fault are known elsewhere. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded'
  readonly limit: keyof UnpackLimits
  readonly most: number
  /** What unpacks to too much: the path of a member; null for the upload with all that is in it. */
  readonly of: string | null

  constructor(limit: keyof UnpackLimits, most: number, of: string | null = null) {
    super(`the limit on ${limit}, ${most}, is exceeded`)
    this.limit = limit
    this.most = most
    this.of = of
  }
}

export class Budget {
  readonly #limits: UnpackLimits
  readonly #uploaded: number
  /** Bytes that came out, by depth: what is unpacked once more is not more for that. */
  readonly #given: number[] = []
  #members = 0
  #others = 0

  /** @param uploaded bytes of the file as it came. */
  constructor(limits: UnpackLimits, uploaded: number) {
    this.#limits = limits
    this.#uploaded = uploaded
  }

  /** @throws LimitExceeded where one more layer would be the `depth`th, counted from 1, and that is too deep. */
  enter(depth: number): void {
    if (depth > this.#limits.depth) throw new LimitExceeded('depth', this.#limits.depth)
  }

  /**
   * Of one run of compressed bytes by itself: a bomb shows what it is long before it outweighs a large upload.
   *
   * @param path of the member that they are; null for the upload. @param packed bytes that went in so far.
   * @param given bytes that came out.
   * @throws LimitExceeded
   */
  unpacked(path: string | null, packed: number, given: number): void {
    const { ratio } = this.#limits
    if (given > Math.max(RATIO_GRACE, packed * ratio)) throw new LimitExceeded('ratio', ratio, path)
  }

  /** @throws LimitExceeded where these bytes are too many; they must not be handed on then. */
  gave(bytes: number, depth: number): void {
    const { size, ratio } = this.#limits
    const given = (this.#given[depth] ?? 0) + bytes
    this.#given[depth] = given
    if (given > size) throw new LimitExceeded('size', size)
    if (given > Math.max(RATIO_GRACE, this.#uploaded * ratio)) throw new LimitExceeded('ratio', ratio)
  }

  member(): void {
    if (++this.#members > this.#limits.members) throw new LimitExceeded('members', this.#limits.members)
  }

  /**
   * Folders, links and the like are no members, so that a bundle of 9,000 logs may have 2,000 folders; but whoever sends
   * nothing else must not be read for ever.
   */
  other(): void {
    if (++this.#others > this.#limits.members) throw new LimitExceeded('members', this.#limits.members)
  }
}
