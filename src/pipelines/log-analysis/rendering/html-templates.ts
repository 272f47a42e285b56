/** The templates, ranked: what the log is made of. */
import { isError } from '../levels.ts'
import { WILDCARD } from '../mining/mask.ts'
import type { ReportJson, Template } from '../report-json.ts'
import { html, type Markup } from './escape.ts'
import { counted, number, share, time } from './words.ts'

const MOST_TEMPLATES = 40
/** Errors that are too rare to be among those. */
const MOST_RARE_ERRORS = 20

export function templatesSection({ templates, totals, findings }: ReportJson): Markup | null {
  if (templates.length === 0) return null
  // Those that a finding links to are shown however rare they are.
  const linked = new Set(findings.map(finding => finding.templateId))
  let rareErrors = 0
  const shown = templates.filter(
    ({ id, level }, rank) =>
      rank < MOST_TEMPLATES || linked.has(id) || (isError(level) && ++rareErrors <= MOST_RARE_ERRORS),
  )
  const row = (template: Template) => {
    const { id, count, level, example } = template
    const portion = Math.round((count / totals.entries) * 1_000) / 10
    return html`<tr id="${id}"><td class="n">${number(count)}</td><td class="n share" style="--share:${portion}%">${share(count, totals.entries)}</td><td>${level === 'unknown' ? null : html`<span class="level ${level}">${level}</span>`}</td><td class="template"><code>${wildcards(template.template)}</code>
<details><summary>${id} · ${whereOf(template, totals.files)}</summary><code>${example}</code></details></td></tr>`
  }
  const more = templates.length - shown.length
  return html`<section><h2>Templates</h2>
<p class="soft">All entries, by wording. <code><b>${WILDCARD}</b></code> stands for what varies; open a row for an example.</p>
<div class="scroll"><table><thead><tr><th class="n">Entries</th><th class="n">Share</th><th>Level</th><th>Template</th></tr></thead><tbody>${shown.map(row)}</tbody></table></div>
${more > 0 ? html`<p class="soft">${counted(more, 'more template')} in report.json.</p>` : null}</section>`
}

function whereOf(template: Template, files: number): string {
  const { count, firstFile, firstLine, lastFile, lastLine, firstTimestamp, lastTimestamp } = template
  const first = `${files > 1 ? `${firstFile}, ` : ''}line ${number(firstLine)}`
  const last = `${lastFile === firstFile ? '' : `${lastFile}, line `}${number(lastLine)}`
  const lines = count === 1 ? first : `${first} to ${last}`
  if (firstTimestamp === null) return lines
  return firstTimestamp === lastTimestamp
    ? `${lines} · ${time(firstTimestamp)}`
    : `${lines} · ${time(firstTimestamp)} to ${time(lastTimestamp)}`
}

function wildcards(template: string): Markup[] {
  return template
    .split(WILDCARD)
    .map((words, at) => (at === 0 ? html`${words}` : html`<b>${WILDCARD}</b>${words}`))
}
