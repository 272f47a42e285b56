/** The third stage: what the redacted texts say. One pass over text and entry index side by side. */
import type { StageContext } from '../pipeline.ts'
import { EntryAnalysis } from './entry-analysis.ts'
import { EntryIndexReader } from './entry-index.ts'
import { type IngestedText, leave, openEntryIndex, type RedactedText, take } from './handover.ts'
import { LineSplitter } from './input/lines.ts'
import { Utf8Decoder } from './input/utf8.ts'
import { ByteProgress } from './progress.ts'
import { analysed } from './stage-log.ts'

export async function analysis(context: StageContext): Promise<undefined> {
  const texts = await take(context, 'ingestion.json')
  const redacted = await take(context, 'redaction.json')
  const sizes = new Map(context.artifacts.map(artifact => [artifact.name, artifact.size]))
  const progress = new ByteProgress(
    context,
    redacted.reduce((sum, one) => sum + (sizes.get(one.artifact) ?? 0), 0),
  )
  const sums = new EntryAnalysis(context.settings.pseudonyms)
  for (const [place, text] of texts.entries()) {
    sums.beginFile(text, redacted[place]!)
    await analyse(context, text, redacted[place]!, sums, progress)
    sums.endFile()
  }
  const found = sums.finish()
  await leave(context, 'analysis.json', found)
  for (const line of analysed(found, texts)) context.log('info', line)
  return undefined
}

async function analyse(
  context: StageContext,
  text: IngestedText,
  redacted: RedactedText,
  sums: EntryAnalysis,
  progress: ByteProgress,
): Promise<void> {
  const index = new EntryIndexReader(await openEntryIndex(context, text), text.yearsBack)
  const splitter = new LineSplitter()
  const decoder = new Utf8Decoder()
  let continued = 0
  const read = async (lines: readonly string[]) => {
    // Each entry has at least a line, so no more than that many can begin here.
    await index.ensure(lines.length)
    for (const line of lines) {
      if (continued > 0) {
        continued--
        sums.continueEntry(line)
      } else {
        const entry = index.take()
        continued = entry.lines - 1
        sums.beginEntry(entry, line)
      }
    }
  }
  for await (const chunk of await context.openArtifact(redacted.artifact)) {
    progress.add(chunk.length, text.name)
    await read(splitter.push(decoder.write(chunk)))
  }
  await read(splitter.end())
}
