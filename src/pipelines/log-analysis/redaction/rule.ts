/**
 * What a redaction rule is. Rules are small entries in the files of `rules/`; to add one, add an entry there, and
 * lines with and lines without such a secret in `test/pipelines/redaction-examples/`.
 *
 * A pattern must take time linear in the text, whatever the text: anchored at a keyword or at the start of a run of
 * characters (by a look-behind), every repetition bounded or of characters that cannot also begin what follows. It
 * never matches across a line end, except for one that says `twoLines`.
 */
export interface Rule {
  /** Unique; counted and reported under this name. */
  readonly name: string
  /** What it finds, as it stands in the mark `[REDACTED:<kind>]`. Several rules may find one kind. */
  readonly kind: string
  /**
   * In lower case: the rule looks only at lines that hold one of these, in any case. `#` stands for a digit, `%` for a
   * hexadecimal one, `\n` for the line's beginning or end. The rarer in ordinary logs, the better.
   */
  readonly keywords: readonly string[]
  /**
   * How far before the end of a keyword a match can begin, at most: where a keyword is common, the search need not
   * begin at the line's start. Where that depends on the line, a function tells it.
   *
   * @param end of the line's first keyword: the place of its last character.
   */
  readonly reach?: number | ((line: string, end: number) => number)
  /** The pattern may reach into the line after the one with the keyword: the value of a key that ends its line. */
  readonly twoLines?: boolean
  /**
   * Global. What is replaced is the whole match, or, where the pattern has the flag `d`, the first of its groups
   * `secret`, `quoted`, `marked`, `bare` that matched.
   */
  readonly pattern: RegExp
  /** A second look at what matched. False: it is left alone. */
  readonly check?: (secret: string, where: Where) => boolean
}

export interface Where {
  /** The groups of the match. */
  readonly groups: Readonly<Record<string, string | undefined>>
  /** Up to 32 characters before and after the match, in the same line. */
  readonly before: string
  readonly after: string
}

/** What a rule found: positions in the text that it was asked about. */
export interface Span {
  /** Of what is replaced. */
  readonly start: number
  readonly end: number
  /**
   * Of the whole match, with the key or the keyword that gave the secret away. What another rule finds across the
   * secret's end, but within this, is taken for a misreading of it.
   */
  readonly from: number
  readonly to: number
  readonly rule: Pick<Rule, 'name' | 'kind'>
  /** False where it continues a secret that an earlier span began: one secret counts once. */
  readonly begins: boolean
}

/** Kinds that open doors, as against those that name persons: finding one in a log is news by itself. */
export function isCredential(kind: string): boolean {
  return !PERSONAL_KINDS.has(kind)
}

const PERSONAL_KINDS: ReadonlySet<string> = new Set([
  'email',
  'phone',
  'us_ssn',
  'us_itin',
  'iban',
  'ipv4',
  'ipv6',
  'mac',
])
