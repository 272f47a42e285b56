/** The findings, each with the lines that it speaks of. */
import type { Finding } from '../report-json.ts'
import { html, type Markup } from './escape.ts'
import type { Excerpt } from './excerpts.ts'
import { number, time } from './words.ts'

const KIND_NAMES: Readonly<Record<Finding['kind'], string>> = {
  exception: 'exception',
  'error-burst': 'burst of errors',
  'first-seen': 'new message',
  gap: 'silence',
  restart: 'restart',
  'secret-exposed': 'secret',
}

export function findingsSection(findings: readonly Finding[], excerpts: readonly Excerpt[]): Markup {
  if (findings.length === 0)
    return html`<section><h2>Findings</h2><p class="soft">Nothing stands out: no burst of errors, no stack trace, no restart, no silence, no secret.</p></section>`
  const items = findings.map((finding, place) => {
    const { severity, kind, title, detail, file, line, at, templateId } = finding
    const links = templateId ? html` · <a href="#${templateId}">template ${templateId}</a>` : null
    return html`<li class="${severity}" id="f${place + 1}"><h3><span class="badge">${place + 1}</span>${title}</h3>
<p>${detail}</p>${excerptOf(finding, excerpts[place]!)}
<p class="where"><b>${severity}</b> · ${KIND_NAMES[kind]} · ${file}, line ${number(line)}${at ? html` · ${time(at)}` : null}${links}</p></li>`
  })
  return html`<section><h2>Findings</h2><ol class="findings">${items}</ol></section>`
}

function excerptOf({ line }: Finding, { firstLine, lines }: Excerpt): Markup | null {
  if (lines.length === 0) return null
  const rows = lines.map((text, nth) => {
    const number = firstLine + nth
    return html`<span class="${number === line ? 'line it' : 'line'}"><i>${number}</i>${text === '' ? ' ' : text}</span>`
  })
  return html`<pre>${rows}</pre>`
}
