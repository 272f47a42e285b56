/**
 * `npm run bench:redaction -- --cases FILE`: how much of what is to be hidden is hidden, and how much else. Ends with 1
 * where a floor is not met, with 2 where nothing could be measured.
 */
import { parseArgs } from 'node:util'
import { type Case, readCases } from './redaction/cases.ts'
import { FLOORS, type Group, groupOf, type Judged, judge, type Tally, tally } from './redaction/scoring.ts'
import { table, whole } from './tables.ts'

const HELP = `npm run bench:redaction -- --cases FILE [--failures N]

Scores the redactor's rules on labelled cases. FILE holds one case a line, as JSON:
  {"text", "expect": [{"kind", "value", "start", "end"}], "forbid"?: [kinds], "source"?, "rule"?, "weak"?}
A case with spans is covered when all of them are, whatever kind covers them; one without is untouched when nothing of
the kinds it forbids is found in it. Weak cases, which context alone decides, are printed and count for nothing.

  --cases FILE     the cases
  --failures N     prints up to N cases of each kind that went wrong
  --help           this
`

const tell = (line: string) => void process.stdout.write(`${line}\n`)

function score(judged: readonly Judged[]): void {
  const strong = judged.filter(one => !one.case.weak)
  const kinds = [...new Set(strong.map(one => one.kind))].sort()
  const rows: [string, Tally][] = kinds.map(kind => [kind, tally(strong.filter(one => one.kind === kind))])
  tell(`${table(HEAD, rows.map(row))}\n`)
  const groups: Group[] = ['secrets', 'personal', 'other']
  const sums: [string, Tally][] = groups.map(group => [
    group,
    tally(strong.filter(one => groupOf(one.kind) === group)),
  ])
  sums.push(['all', tally(strong)], ['weak', tally(judged.filter(one => one.case.weak))])
  tell(`${table(HEAD, sums.map(row))}\n`)
}

const HEAD = ['kind', 'to hide', 'covered', '%', 'to leave', 'untouched', '%']

function row([name, { positives, covered, negatives, untouched }]: readonly [string, Tally]): string[] {
  return [
    name,
    whole(positives),
    whole(covered),
    percent(covered, positives),
    whole(negatives),
    whole(untouched),
    percent(untouched, negatives),
  ]
}

function percent(part: number, all: number): string {
  return all === 0 ? '–' : ((100 * part) / all).toFixed(1)
}

/** What went wrong, some of each kind: the text, what was asked of it, and what came out. */
function showFailures(judged: readonly Judged[], each: number): void {
  const shown = new Map<string, number>()
  for (const { case: one, kind, right, out } of judged) {
    const name = `${kind} ${one.expect.length > 0 ? 'not covered' : 'touched'}`
    const count = shown.get(name) ?? 0
    if (right || count >= each) continue
    shown.set(name, count + 1)
    tell(`${name}${one.weak ? ' (weak)' : ''}, ${one.rule ?? one.source ?? 'a case'}`)
    tell(`  in   ${shorten(one.text)}`)
    for (const { value } of one.expect) tell(`  hide ${shorten(value)}`)
    tell(`  out  ${shorten(out)}\n`)
  }
}

function shorten(text: string): string {
  const line = text.replaceAll('\n', '⏎')
  return line.length > 240 ? `${line.slice(0, 240)}…` : line
}

function judgeFloors(judged: readonly Judged[]): boolean {
  const strong = judged.filter(one => !one.case.weak)
  let met = true
  for (const { group, covered, untouched } of FLOORS) {
    const found = tally(strong.filter(one => groupOf(one.kind) === group))
    for (const [what, part, all, floor] of [
      ['covered', found.covered, found.positives, covered],
      ['untouched', found.untouched, found.negatives, untouched],
    ] as const) {
      if (all === 0) {
        tell(`not measured: ${group} ${what}, as no case asks for it`)
        continue
      }
      const reached = part >= all * floor
      met &&= reached
      tell(
        `${reached ? 'met' : 'NOT MET'}: ${group} ${what} ${percent(part, all)} %, at least ${floor * 100} %`,
      )
    }
  }
  return met
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string' },
      failures: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.cases === undefined) {
    tell(HELP)
    return values.help ? 0 : 2
  }
  if (!/^\d+$/.test(values.failures))
    throw new Error(`--failures is "${values.failures}"; a number is wanted.`)
  const cases: readonly Case[] = await readCases(values.cases)
  const judged = judge(cases)
  showFailures(judged, Number(values.failures))
  score(judged)
  return judgeFloors(judged) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`bench:redaction: ${(error as Error).message}\n`)
  process.exitCode = 2
}
