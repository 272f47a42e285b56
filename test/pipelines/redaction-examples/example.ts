/** What a rule must find and what it must leave. */
export interface Example {
  /** A line, and what of it must be gone; the rule finds it even when no other rule is there. */
  readonly finds: readonly (readonly [line: string, secret: string])[]
  /** Lines in which the rule finds nothing. */
  readonly leaves: readonly string[]
}

/** A secret that stands for itself, as it would in a log. */
export const token = (secret: string): readonly [string, string] => [`started with ${secret} at once`, secret]

/** A line made of what is before, the secret and what is after it. */
export const within = (before: string, secret: string, after = ''): readonly [string, string] => [
  before + secret + after,
  secret,
]
