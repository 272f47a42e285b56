/** Which cases went right, and how many must. */
import { fixedMark } from '../../src/pipelines/log-analysis/redaction/marks.ts'
import { Redactor } from '../../src/pipelines/log-analysis/redaction/redactor.ts'
import type { Span } from '../../src/pipelines/log-analysis/redaction/rule.ts'
import { rules } from '../../src/pipelines/log-analysis/redaction/rules/registry.ts'
import { Search } from '../../src/pipelines/log-analysis/redaction/search.ts'
import type { Case } from './cases.ts'

export interface Judged {
  readonly case: Case
  /** Under which it is counted: what is to be hidden first, or else what is forbidden first. */
  readonly kind: string
  readonly right: boolean
  /** The text, redacted. */
  readonly out: string
}

export interface Tally {
  readonly positives: number
  readonly covered: number
  readonly negatives: number
  readonly untouched: number
}

export type Group = 'secrets' | 'personal' | 'other'

/** The least share that must go right, of the kinds that are looked for at all. */
export const FLOORS: readonly { group: Group; covered: number; untouched: number }[] = [
  { group: 'secrets', covered: 0.97, untouched: 0.9 },
  { group: 'personal', covered: 0.95, untouched: 0.95 },
]

/** Names that cases use for our kinds. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  ip: ['ipv4', 'ipv6'],
  ip_address: ['ipv4', 'ipv6'],
  phone_number: ['phone'],
  mac_address: ['mac'],
  iban_code: ['iban'],
  email_address: ['email'],
  config_password: ['password'],
}

const PERSONAL = new Set(['email', 'ipv4', 'ipv6', 'mac', 'credit_card', 'iban', 'us_ssn', 'phone'])
const SECRETS = /(?:_token|_key|_secret|_password|_credentials)$|^(?:jwt|private_key|authorization|cookie)$/

export function groupOf(kind: string): Group {
  if (SECRETS.test(kind)) return 'secrets'
  return (SAME[kind] ?? [kind]).some(one => PERSONAL.has(one)) ? 'personal' : 'other'
}

export function judge(cases: readonly Case[]): Judged[] {
  const search = new Search(rules)
  return cases.map(one => {
    const { spans } = search.find(one.text)
    const redactor = new Redactor(search, fixedMark)
    const out = redactor.push(one.text) + redactor.end()
    const kind = one.expect[0]?.kind ?? one.forbid?.[0] ?? 'any'
    return { case: one, kind, right: isRight(one, spans), out }
  })
}

function isRight({ expect, forbid }: Case, spans: readonly Span[]): boolean {
  if (expect.length > 0) return expect.every(({ start, end }) => isCovered(start, end, spans))
  if (!forbid) return spans.length === 0
  const forbidden = new Set(forbid.flatMap(kind => SAME[kind] ?? [kind]))
  return !spans.some(span => forbidden.has(span.rule.kind))
}

/** By one span or by several that meet. */
function isCovered(start: number, end: number, spans: readonly Span[]): boolean {
  let at = start
  for (const span of spans) if (span.start <= at && span.end > at) at = span.end
  return at >= end
}

export function tally(judged: readonly Judged[]): Tally {
  const positives = judged.filter(one => one.case.expect.length > 0)
  const negatives = judged.filter(one => one.case.expect.length === 0)
  return {
    positives: positives.length,
    covered: positives.filter(one => one.right).length,
    negatives: negatives.length,
    untouched: negatives.filter(one => one.right).length,
  }
}
