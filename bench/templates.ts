/**
 * `npm run bench:templates -- --data DIR`: how well templates are mined, on systems whose true templates are known.
 *
 * DIR holds a folder a system, as Loghub-2k does (J. Zhu et al., "Loghub: A Large Collection of System Log Datasets for
 * AI-driven Log Analytics", ISSRE 2023), each with a `*_structured.csv` of the columns Content, EventId and
 * EventTemplate. Scores as in Z. Khan et al., "Guidelines for Assessing the Accuracy of Log Message Template
 * Identification Techniques", ICSE 2022, and Z. Jiang et al., "A Large-scale Evaluation for Log Parsing Techniques",
 * ISSTA 2024:
 *
 * - GA: the share of lines whose group is exactly a true group. FGA: the F1 of groups that are exactly right.
 * - PA: the share of lines whose template text is exactly the true one. FTA: the F1 of groups right in lines and text.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TemplateTable } from '../src/pipelines/log-analysis/mining/template-table.ts'
import { table } from './tables.ts'

/** Below this mean grouping accuracy the command ends with 1. */
const LEAST_MEAN_GA = 0.85

interface Truth {
  readonly content: string
  readonly event: string
  readonly template: string
}

const SCORES = ['GA', 'FGA', 'PA', 'FTA'] as const
type Scores = Readonly<Record<(typeof SCORES)[number], number>>

interface Scored {
  readonly system: string
  readonly lines: number
  readonly groups: number
  readonly trueGroups: number
  readonly scores: Scores
}

/** RFC 4180, as far as these files use it: fields in quotes, doubled quotes and line ends within. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    if (row.length > 1) rows.push(row)
    row = []
  }
  return rows
}

function toTruth(csv: string): Truth[] {
  const [head, ...rows] = parseCsv(csv.replace(/^\ufeff/, ''))
  const column = (name: string) => {
    const place = head?.indexOf(name) ?? -1
    if (place < 0) throw new Error(`it has no column "${name}"`)
    return place
  }
  const [content, event, template] = [column('Content'), column('EventId'), column('EventTemplate')]
  return rows.map(row => ({ content: row[content]!, event: row[event]!, template: row[template]! }))
}

function score(system: string, truth: readonly Truth[]): Scored {
  const mined = new TemplateTable()
  const places = truth.map(({ content }, at) =>
    mined.add({
      message: content,
      line: content,
      file: system,
      artifact: system,
      lineNumber: at + 1,
      time: Number.NaN,
      level: 'info',
    }),
  )
  const { templates, idOf } = mined.templates()
  const wordings = new Map(templates.map(({ id, template }) => [id, template]))
  const ids = places.map(idOf)
  const groups = Map.groupBy(truth.keys(), at => ids[at]!)
  const trueGroups = Map.groupBy(truth.keys(), at => truth[at]!.event)

  let rightLines = 0
  let rightGroups = 0
  let rightTemplates = 0
  for (const [id, lines] of groups) {
    const { event, template } = truth[lines[0]!]!
    const exact =
      lines.length === trueGroups.get(event)!.length && lines.every(line => truth[line]!.event === event)
    if (!exact) continue
    rightLines += lines.length
    rightGroups++
    if (wordings.get(id) === template.trim()) rightTemplates++
  }
  const parsed = truth.filter(({ template }, at) => wordings.get(ids[at]!) === template.trim()).length
  return {
    system,
    lines: truth.length,
    groups: groups.size,
    trueGroups: trueGroups.size,
    scores: {
      GA: rightLines / truth.length,
      // Precision and recall have the same numerator, so that their harmonic mean is this.
      FGA: (2 * rightGroups) / (groups.size + trueGroups.size),
      PA: parsed / truth.length,
      FTA: (2 * rightTemplates) / (groups.size + trueGroups.size),
    },
  }
}

async function scoreAll(folder: string): Promise<Scored[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const scored: Scored[] = []
  for (const { name } of entries
    .filter(entry => entry.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = (await readdir(join(folder, name))).find(each => each.endsWith('_structured.csv'))
    if (!file) continue
    try {
      scored.push(score(name, toTruth(await readFile(join(folder, name, file), 'utf8'))))
    } catch (cause) {
      throw new Error(`${join(name, file)} cannot be scored: ${(cause as Error).message}.`, { cause })
    }
  }
  return scored
}

function show(scored: readonly Scored[], means: Scores): void {
  const cells = (scores: Scores) => SCORES.map(name => scores[name].toFixed(3))
  const rows = scored.map(({ system, lines, groups, trueGroups, scores }) => [
    system,
    String(lines),
    String(groups),
    String(trueGroups),
    ...cells(scores),
  ])
  const head = ['system', 'lines', 'templates', 'true', ...SCORES]
  process.stdout.write(`${table(head, [...rows, ['mean', '', '', '', ...cells(means)]])}\n`)
}

async function main(): Promise<void> {
  const { data } = parseArgs({ options: { data: { type: 'string' } } }).values
  if (!data) throw new Error('say where the systems are: npm run bench:templates -- --data DIR')
  const scored = await scoreAll(data).catch(error => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new Error(`there is no folder ${data}: give one that holds a folder a system, as Loghub-2k does.`)
  })
  if (scored.length === 0)
    throw new Error(`no folder in ${data} holds a file that ends with _structured.csv.`)
  const mean = (name: keyof Scores) =>
    scored.reduce((sum, { scores }) => sum + scores[name], 0) / scored.length
  const means = { GA: mean('GA'), FGA: mean('FGA'), PA: mean('PA'), FTA: mean('FTA') }
  show(scored, means)
  const met = means.GA >= LEAST_MEAN_GA
  process.stdout.write(`\n${met ? 'met' : 'NOT MET'}: a mean GA of at least ${LEAST_MEAN_GA}\n`)
  if (!met) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  process.stderr.write(`bench:templates: ${(error as Error).message}\n`)
  process.exitCode = 2
}
