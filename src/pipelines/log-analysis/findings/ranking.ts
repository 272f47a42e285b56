/** The worst first, few rather than many. */
import type { Finding } from '../report-json.ts'
import type { Found } from './found.ts'

/** Few enough to be read by somebody who was just woken. */
const MOST = 12
const MOST_OF_A_KIND = 4

const SEVERITIES: readonly Finding['severity'][] = ['high', 'medium', 'low']
const KINDS: readonly Finding['kind'][] = [
  'error-burst',
  'exception',
  'restart',
  'first-seen',
  'gap',
  'secret-exposed',
]

export function ranked(found: readonly Found[]): Found[] {
  const kept = new Map<Finding['kind'], number>()
  return found
    .toSorted(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind),
    )
    .filter(({ kind }) => {
      const count = (kept.get(kind) ?? 0) + 1
      kept.set(kind, count)
      return count <= MOST_OF_A_KIND
    })
    .slice(0, MOST)
}

export function toFinding(found: Found, artifact: string, idOf: (template: number) => string): Finding {
  const { kind, severity, title, detail, template, file, line, at } = found
  return {
    kind,
    severity,
    title,
    detail,
    templateId: template === null ? null : idOf(template),
    file,
    artifact,
    line,
    at,
  }
}
