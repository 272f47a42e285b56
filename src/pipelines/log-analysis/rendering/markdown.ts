/** `report.md`: the report for a terminal, a ticket, a chat. */
import { span } from '../findings/found.ts'
import type { ReportJson } from '../report-json.ts'
import { visible } from './escape.ts'
import type { Excerpt } from './excerpts.ts'
import {
  bytes,
  counted,
  kindName,
  levels,
  number,
  overview,
  ranked,
  share,
  time,
  worstFiles,
} from './words.ts'

const MOST_TEMPLATES = 25
const MOST_FILES = 50
const LONGEST_TEMPLATE = 160
const BAR = 40

export function renderMarkdown(report: ReportJson, excerpts: readonly Excerpt[]): string {
  const sections = [
    summary(report),
    findings(report, excerpts),
    timeline(report),
    templates(report),
    redactions(report),
    files(report),
  ]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

function summary(report: ReportJson): string {
  const { sentence, from, to } = overview(report)
  const range = from ? `\n\nFrom ${time(from)} to ${time(to)} (UTC).` : ''
  const list = levels(report)
    .map(([level, count]) => `${level} ${number(count)}`)
    .join(' · ')
  return `# Log report\n\n${sentence}${range}\n\nLevels: ${list || 'none'}`
}

function findings({ findings }: ReportJson, excerpts: readonly Excerpt[]): string {
  if (findings.length === 0) return '## Findings\n\nNothing stands out.'
  const items = findings.map(({ severity, title, detail, file, line, at }, place) => {
    const { firstLine, lines } = excerpts[place]!
    const said = lines[line - firstLine] ?? ''
    const where = `${code(`${file}:${line}`)}${at ? `, ${time(at)}` : ''}`
    return `${place + 1}. **${text(title)}** (${severity}), ${where}\n   ${text(detail)}\n   ${code(shortened(said.trim()))}`
  })
  return `## Findings\n\n${items.join('\n\n')}`
}

function timeline({ timeline: { bucketSeconds, buckets } }: ReportJson): string {
  if (buckets.length === 0) return ''
  // A terminal has fewer lines than a page has columns: neighbours are put together.
  const together = Math.ceil(buckets.length / 40)
  const rows = Array.from({ length: Math.ceil(buckets.length / together) }, (_, row) => {
    const part = buckets.slice(row * together, (row + 1) * together)
    const sum = (of: 'entries' | 'errors' | 'warnings') =>
      part.reduce((total, bucket) => total + bucket[of], 0)
    return { at: part[0]!.at, entries: sum('entries'), errors: sum('errors'), warnings: sum('warnings') }
  })
  const most = Math.max(...rows.map(row => row.entries))
  const lines = rows.map(({ at, entries, errors, warnings }) => {
    const bar = '█'.repeat(Math.ceil((entries / most) * BAR)).padEnd(BAR)
    const marks = [errors && counted(errors, 'error'), warnings && counted(warnings, 'warning')].filter(
      Boolean,
    )
    return `${time(at)} ${bar} ${number(entries)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`
  })
  return `## Timeline\n\nEntries in ${span(bucketSeconds * together)} each.\n\n\`\`\`\n${lines.join('\n')}\n\`\`\``
}

function templates({ templates, totals }: ReportJson): string {
  if (templates.length === 0) return ''
  const rows = templates
    .slice(0, MOST_TEMPLATES)
    .map(
      ({ count, level, template }) =>
        `| ${number(count)} | ${share(count, totals.entries)} | ${level} | ${code(shortened(template)).replaceAll('|', '\\|')} |`,
    )
  const more = templates.length - rows.length
  return `## Templates\n\n| entries | share | level | template |\n|---:|---:|---|---|\n${rows.join('\n')}${more > 0 ? `\n\n${counted(more, 'more template')} in \`report.json\`.` : ''}`
}

function redactions({ totals }: ReportJson): string {
  const rows = ranked(totals.redactions).map(([kind, count]) => `| ${kindName(kind)} | ${number(count)} |`)
  return rows.length === 0 ? '' : `## Redacted\n\n| kind | count |\n|---|---:|\n${rows.join('\n')}`
}

function files({ files }: ReportJson): string {
  const { shown, rest } = worstFiles(files, MOST_FILES)
  const rows = shown.map(file => {
    const notes = [file.compression, file.truncated && 'truncated'].filter(Boolean).join(', ')
    return `| ${code(file.name).replaceAll('|', '\\|')} | ${bytes(file.size)} | ${number(file.lines)} | ${number(file.entries)} | ${time(file.firstTimestamp)} | ${time(file.lastTimestamp)} | ${notes} |`
  })
  return `## Files\n\n| file | size | lines | entries | first | last | |\n|---|---:|---:|---:|---|---|---|\n${rows.join('\n')}${rest ? `\n\n${rest}\`report.json\`.` : ''}`
}

function shortened(text: string): string {
  return text.length > LONGEST_TEMPLATE ? `${text.slice(0, LONGEST_TEMPLATE).toWellFormed()} …` : text
}

/** A log's words must not become markup: every character that Markdown or HTML could read is escaped. */
function text(value: string): string {
  return visible(value).replace(/[\\`*_[\]<>|~&]/g, character => `\\${character}`)
}

/** In as many backticks as it takes. */
function code(value: string): string {
  const inside = visible(value)
  const longest = Math.max(0, ...(inside.match(/`+/g) ?? []).map(run => run.length))
  const fence = '`'.repeat(longest + 1)
  return longest === 0 ? `${fence}${inside}${fence}` : `${fence} ${inside} ${fence}`
}
