/** Credentials that stood in the log: redacted here, but whoever has the original has them. */
import type { IngestedText, RedactedText } from '../handover.ts'
import { isCredential } from '../redaction/rule.ts'
import { at, type Found, type SeenAt } from './found.ts'

const MOST_KINDS = 6

/** One finding a file: which kinds, how many, and where the first is. */
export function exposedSecrets(
  place: number,
  text: IngestedText,
  redacted: RedactedText,
  entryAt: (line: number) => SeenAt | undefined,
): Found[] {
  const kinds = Object.entries(redacted.kinds)
    .filter(([kind]) => isCredential(kind))
    .sort((a, b) => b[1] - a[1])
  if (kinds.length === 0) return []
  const total = kinds.reduce((sum, [, count]) => sum + count, 0)
  const line = Math.min(...kinds.map(([kind]) => redacted.firstLines[kind]!))
  const list = kinds.slice(0, MOST_KINDS).map(([kind, count]) => `${count} × ${kind.replaceAll('_', ' ')}`)
  const more = kinds.length > MOST_KINDS ? ` and ${kinds.length - MOST_KINDS} more kinds` : ''
  const entry = entryAt(line)
  return [
    {
      kind: 'secret-exposed',
      severity: 'medium',
      title:
        total === 1
          ? 'A credential was written to the log'
          : `${total.toLocaleString('en-US')} credentials were written to the log`,
      detail: `${list.join(', ')}${more}. Redacted here, but readable in the original: replace what is still valid.`,
      ...(entry ? at(entry) : { template: null, at: null }),
      text: place,
      file: text.name,
      line,
    },
  ]
}
