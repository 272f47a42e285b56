/**
 * A job in memory, to run stages on real bytes: the same `StageContext` as in the service, without Redis, storage or
 * threads. What a stage reads comes in chunks of a chosen size, so that tests can slide a seam.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type {
  Artifact,
  InputFile,
  JsonObject,
  LogLine,
  Pipeline,
  StageContext,
} from '../../src/pipelines/pipeline.ts'
import type { ByteRange } from '../../src/storage/storage.ts'

export interface GivenFile {
  readonly name: string
  readonly bytes: Uint8Array | string
  /** What the record promises, where it is not what the bytes have. */
  readonly sha256?: string
  readonly size?: number
}

export interface JobOptions {
  /** Bytes; of files, artifacts and intermediates alike. */
  readonly chunkSize?: number
  readonly pseudonyms?: boolean
  readonly archive?: Partial<StageContext['settings']['archive']>
  readonly signal?: AbortSignal
}

export class StageJob {
  readonly files: readonly InputFile[]
  readonly artifacts: Artifact[] = []
  readonly intermediates = new Map<string, Buffer>()
  readonly progress: { stage: string; percent: number; message: string | undefined }[] = []
  readonly logLines: LogLine[] = []
  readonly #options: JobOptions
  readonly #uploads: Map<string, Buffer>
  readonly #contents = new Map<string, Buffer>()

  constructor(given: readonly GivenFile[], options: JobOptions = {}) {
    this.#options = options
    const uploads = given.map(file => Buffer.from(file.bytes as Uint8Array))
    this.files = given.map((file, place) => ({
      id: `f${place + 1}`,
      name: file.name,
      size: file.size ?? uploads[place]!.length,
      type: 'text/plain',
      sha256: file.sha256 ?? createHash('sha256').update(uploads[place]!).digest('hex'),
    }))
    this.#uploads = new Map(this.files.map((file, place) => [file.id, uploads[place]!]))
  }

  /** Runs all stages, or those named. @returns the last one's result. */
  async run(pipeline: Pipeline, ...names: string[]): Promise<JsonObject | undefined> {
    let result: JsonObject | undefined
    for (const stage of pipeline.stages) {
      if (names.length > 0 && !names.includes(stage.name)) continue
      result = await stage.run(this.context(stage.name))
    }
    return result
  }

  /** An artifact's bytes as text. */
  text(name: string): string {
    return this.bytes(name).toString()
  }

  bytes(name: string): Buffer {
    const content = this.#contents.get(name)
    if (!content) throw new Error(`no stage wrote the artifact "${name}"`)
    return content
  }

  json<T>(name: string): T {
    return JSON.parse(this.text(name))
  }

  context(stage: string): StageContext {
    const earlier = [...this.artifacts]
    return {
      jobId: 'job',
      files: this.files,
      settings: {
        pseudonyms: this.#options.pseudonyms ?? false,
        archive: { size: 20 * 2 ** 30, ratio: 200, depth: 3, members: 10_000, ...this.#options.archive },
      },
      signal: this.#options.signal ?? new AbortController().signal,
      open: async (file, range) => this.#readable(this.#uploads.get(file.id), range),
      artifacts: earlier,
      writeArtifact: async (name, options, source) => {
        if (this.#contents.has(name)) throw new Error(`the artifact "${name}" was written twice`)
        const bytes = await gathered(source)
        this.#contents.set(name, bytes)
        this.artifacts.push({ name, size: bytes.length, ...options, stage })
      },
      openArtifact: async name => {
        if (!earlier.some(artifact => artifact.name === name))
          throw new Error(`no earlier artifact "${name}"`)
        return this.#readable(this.#contents.get(name))
      },
      writeIntermediate: async (name, source) => {
        this.intermediates.set(name, await gathered(source))
      },
      openIntermediate: async (name, range) => this.#readable(this.intermediates.get(name), range),
      progress: (percent, message) => this.progress.push({ stage, percent, message }),
      log: (level, message) => this.logLines.push({ level, message }),
    }
  }

  #readable(bytes: Buffer | undefined, range?: ByteRange): Readable {
    if (!bytes) throw new Error('there is no such content')
    const part = range ? bytes.subarray(range.start, range.end + 1) : bytes
    return Readable.from(chunks(part, this.#options.chunkSize ?? 64 * 1024), { objectMode: false })
  }
}

function* chunks(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function gathered(source: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source)
    parts.push(typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))
  return Buffer.concat(parts)
}
