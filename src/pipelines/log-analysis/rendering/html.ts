/** `report.html`: one page that needs nothing else, neither script nor network, and may be sent to anyone. */
import { span } from '../findings/found.ts'
import type { FileSummary, ReportJson } from '../report-json.ts'
import { renderChart } from './chart.ts'
import { html, type Markup } from './escape.ts'
import type { Excerpt } from './excerpts.ts'
import { findingsSection } from './html-findings.ts'
import { templatesSection } from './html-templates.ts'
import { PAGE_STYLE } from './page-style.ts'
import {
  bytes,
  counted,
  kindName,
  levels,
  number,
  overview,
  ranked,
  time,
  titleOf,
  worstFiles,
} from './words.ts'

/** Findings named in the first screen. */
const MOST_FIRST = 3
const MOST_FILES = 200

/** @param excerpts one for each finding, in their order. */
export function renderHtml(report: ReportJson, excerpts: readonly Excerpt[]): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Log report: ${titleOf(report)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${head(report)}
${timelineSection(report)}
${findingsSection(report.findings, excerpts)}
${templatesSection(report)}
${redactionsSection(report)}
${filesSection(report.files)}
<footer>Made by Sluice on ${time(report.generatedAt)} UTC. Times without a zone are taken as UTC. Lines are shown as redacted; what was redacted is in none of the artifacts.</footer>
</body>
</html>
`
  return page.text
}

function head(report: ReportJson): Markup {
  const { errors, warnings, redactions, from, to, sentence } = overview(report)
  const { totals } = report
  const figure = (name: string, value: number, kind: string) =>
    html`<div class="${value > 0 ? kind : ''}"><dt>${name}</dt><dd>${number(value)}</dd></div>`
  return html`<header>
<p class="kicker">Log report</p>
<h1>${titleOf(report)}</h1>
<p class="soft">${bytes(totals.bytes)}${from === null ? null : html` · ${time(from)} to ${time(to)} UTC`}</p>
<p class="lead">${sentence}</p>
${first(report)}
<dl class="numbers">${figure('Errors', errors, 'error')}${figure('Warnings', warnings, 'warn')}${figure('Entries', totals.entries, '')}${figure('Templates', totals.templates, '')}${figure('Redacted', redactions, '')}</dl>
</header>`
}

function first({ findings, files }: ReportJson): Markup {
  if (findings.length === 0) return html`<p class="first none">Nothing stands out.</p>`
  const items = findings
    .slice(0, MOST_FIRST)
    .map(
      ({ severity, title, file }, place) =>
        html`<li class="${severity}"><a href="#f${place + 1}"><span class="badge">${place + 1}</span><span>${title}${files.length > 1 ? html` <span class="soft">in ${file}</span>` : null}</span></a></li>`,
    )
  const more = findings.length - items.length
  return html`<div class="first"><h2>Look first at</h2><ol>${items}</ol>${more > 0 ? html`<p class="soft">and ${counted(more, 'more finding')} below</p>` : null}</div>`
}

function timelineSection(report: ReportJson): Markup {
  const { buckets, bucketSeconds } = report.timeline
  if (buckets.length === 0)
    return html`<section><h2>Timeline</h2><p class="soft">No entry tells a time.</p></section>`
  const list = levels(report).map(([level, count]) => `${level} ${number(count)}`)
  return html`<section><h2>Timeline</h2>
${renderChart(report)}
<p class="legend"><span><i class="b-entries"></i>entries in ${span(bucketSeconds)}</span><span><i class="b-warn"></i>warnings</span><span><i class="b-error"></i>errors</span><span>Levels: ${list.join(' · ')}</span></p></section>`
}

function redactionsSection({ totals }: ReportJson): Markup {
  const items = ranked(totals.redactions).map(
    ([kind, count]) => html`<li><span>${kindName(kind)}</span> <b>${number(count)}</b></li>`,
  )
  if (items.length === 0)
    return html`<section><h2>Redacted</h2><p class="soft">Nothing had to be redacted.</p></section>`
  return html`<section><h2>Redacted</h2><ul class="kinds">${items}</ul></section>`
}

function filesSection(files: readonly FileSummary[]): Markup {
  const row = (file: FileSummary) => {
    const notes = [file.encoding, file.compression, file.truncated ? 'truncated' : null].filter(
      note => note !== null,
    )
    return html`<tr><td>${path(file.name)}</td><td class="n">${bytes(file.size)}</td><td class="n">${number(file.lines)}</td><td class="n">${number(file.entries)}</td><td class="when">${time(file.firstTimestamp)}</td><td class="when">${time(file.lastTimestamp)}</td><td>${notes.join(', ')}</td></tr>`
  }
  const { shown, rest } = worstFiles(files, MOST_FILES)
  const more = rest ? html`<p class="soft">${rest}<code>report.json</code>.</p>` : null
  return html`<section><h2>Files</h2><div class="scroll"><table><thead><tr><th>File</th><th class="n">Size</th><th class="n">Lines</th><th class="n">Entries</th><th>First entry</th><th>Last entry</th><th>Read as</th></tr></thead><tbody>${shown.map(row)}</tbody></table></div>${more}</section>`
}

/** The file stands out from its folders, and a line breaks between them. */
function path(name: string): Markup {
  const at = name.lastIndexOf('/') + 1
  const folders = name
    .slice(0, at)
    .split('/')
    .slice(0, -1)
    .map(folder => html`${folder}/<wbr>`)
  return html`<code class="path"><span class="soft">${folders}</span>${name.slice(at)}</code>`
}
