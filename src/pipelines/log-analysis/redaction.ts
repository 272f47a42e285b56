/** The second stage: each raw text to a redacted artifact. Nothing raw is read after it. */

import { text } from 'node:stream/consumers'
import type { StageContext } from '../pipeline.ts'
import { type IngestedText, leave, openRawText, PSEUDONYM_KEY, type RedactedText, take } from './handover.ts'
import { Utf8Decoder } from './input/utf8.ts'
import { ByteProgress } from './progress.ts'
import { artifactNames } from './redaction/artifact-names.ts'
import { fixedMark, type Mark, pseudonymMark } from './redaction/marks.ts'
import { Redactor } from './redaction/redactor.ts'
import { rules } from './redaction/rules/registry.ts'
import { Search } from './redaction/search.ts'
import { redactionsOf, StageLog } from './stage-log.ts'

/** Made once in a process, when first needed: it takes longer than redacting a small log. */
let search: Search | undefined

export async function redaction(context: StageContext): Promise<undefined> {
  search ??= new Search(rules)
  const texts = await take(context, 'ingestion.json')
  const mark = await markOf(context)
  const progress = new ByteProgress(
    context,
    texts.reduce((sum, one) => sum + one.textSize, 0),
  )
  const names = artifactNames(texts.map(one => one.path ?? one.name))
  const log = new StageLog(context)
  const redacted: RedactedText[] = []
  for (const [place, one] of texts.entries()) {
    const redactor = new Redactor(search, mark)
    const artifact = names[place]!
    const source = redact(context, one, redactor, progress)
    await context.writeArtifact(artifact, { type: 'text/plain; charset=utf-8', fileId: one.fileId }, source)
    redacted.push({ artifact, ...redactor.found })
    log.file(`"${one.name}": ${redactionsOf([redactor.found])}.`)
  }
  await leave(context, 'redaction.json', redacted)
  log.end(redactionsOf(redacted))
  return undefined
}

async function* redact(
  context: StageContext,
  one: IngestedText,
  redactor: Redactor,
  progress: ByteProgress,
): AsyncGenerator<string> {
  const decoder = new Utf8Decoder()
  for await (const chunk of await openRawText(context, one)) {
    progress.add(chunk.length, one.name)
    const out = redactor.push(decoder.write(chunk))
    if (out !== '') yield out
  }
  const rest = redactor.end()
  if (rest !== '') yield rest
}

async function markOf(context: StageContext): Promise<Mark> {
  if (!context.settings.pseudonyms) return fixedMark
  return pseudonymMark(await text(await context.openIntermediate(PSEUDONYM_KEY)))
}
