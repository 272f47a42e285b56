/** The last stage: the report, for programs and for people. */
import type { JsonObject, StageContext } from '../pipeline.ts'
import { whole } from '../whole.ts'
import { take } from './handover.ts'
import { readExcerpts } from './rendering/excerpts.ts'
import { renderHtml } from './rendering/html.ts'
import { renderMarkdown } from './rendering/markdown.ts'
import { bytes } from './rendering/words.ts'
import { summarise } from './summary.ts'

export async function report(context: StageContext): Promise<JsonObject> {
  const texts = await take(context, 'ingestion.json')
  const redacted = await take(context, 'redaction.json')
  const analysis = await take(context, 'analysis.json')
  const uploaded = context.files.reduce((sum, file) => sum + file.size, 0)
  const summary = summarise(texts, redacted, analysis, uploaded, new Date())
  const open = (text: number) => context.openArtifact(redacted[text]!.artifact)
  const excerpts = await readExcerpts(analysis.findings, analysis.findingTexts, open)
  context.signal.throwIfAborted()
  const outputs = [
    { name: 'report.json', type: 'application/json', render: () => JSON.stringify(summary, null, 2) },
    {
      name: 'report.md',
      type: 'text/markdown; charset=utf-8',
      render: () => renderMarkdown(summary, excerpts),
    },
    { name: 'report.html', type: 'text/html; charset=utf-8', render: () => renderHtml(summary, excerpts) },
  ]
  const written: string[] = []
  for (const [place, { name, type, render }] of outputs.entries()) {
    context.signal.throwIfAborted()
    const text = render()
    await context.writeArtifact(name, { type }, whole(text))
    written.push(`${name} (${bytes(Buffer.byteLength(text))})`)
    context.progress(((place + 1) / outputs.length) * 100, name)
  }
  context.log('info', `Wrote ${written.join(', ')}.`)
  return { ...summary.totals, levels: { ...summary.totals.levels } }
}
