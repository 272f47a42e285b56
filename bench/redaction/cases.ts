/** Labelled cases: a text, and what of it is to be hidden. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Case = z.object({
  text: z.string(),
  /** Positions in UTF-16 units. Empty: nothing of the kinds in `forbid` may be found. */
  expect: z.array(z.object({ kind: z.string(), value: z.string(), start: z.number(), end: z.number() })),
  forbid: z.array(z.string()).optional(),
  source: z.string().optional(),
  rule: z.string().nullish(),
  weak: z.boolean().optional(),
})
export type Case = z.infer<typeof Case>

/** @throws Error with a sentence that says what is wrong with the file, and where. */
export async function readCases(path: string): Promise<Case[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error(`there is no file ${path}; nothing was measured.`)
    throw error
  })
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length === 0) throw new Error(`${path} holds no cases; nothing was measured.`)
  return lines.map((line, at) => {
    try {
      return Case.parse(JSON.parse(line))
    } catch (error) {
      throw new Error(`${path}, case ${at + 1}: ${(error as Error).message}`)
    }
  })
}
