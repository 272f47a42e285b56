/**
 * What a stage holds in its hands while it runs. The same in a worker thread as inline: made from a `StageInput`, which
 * can be sent to a thread, and a storage.
 *
 * What a stage writes is stored under the run's start token: a zombie's objects are never mistaken for its successor's,
 * and nothing is published before the checkpoint that names it.
 */
import type { Storage } from '../storage/storage.ts'
import type { Artifact, InputFile, LogLine, StageContext, StageSettings } from './pipeline.ts'

/** An attached file, and where its bytes are. */
export interface StageFile extends InputFile {
  readonly key: string
}

export interface StoredArtifact extends Artifact {
  readonly key: string
}

export interface StoredIntermediate {
  readonly name: string
  readonly key: string
}

/** What a stage leaves when it completes. */
export interface StageOutput {
  readonly artifacts: readonly StoredArtifact[]
  readonly intermediates: readonly StoredIntermediate[]
}

export interface StageInput {
  readonly jobId: string
  /** The run's start token. */
  readonly token: string
  readonly stage: string
  readonly files: readonly StageFile[]
  /** Of the stages before this one. */
  readonly outputs: readonly StageOutput[]
  readonly settings: StageSettings
}

export interface StageReport {
  progress(percent: number, message?: string): void
  log(level: LogLine['level'], message: string): void
}

export function createStageContext(
  input: StageInput,
  means: { storage: Storage; signal: AbortSignal; report: StageReport },
): { context: StageContext; output: StageOutput } {
  const { storage, signal, report } = means
  const earlier = {
    artifacts: input.outputs.flatMap(output => output.artifacts),
    intermediates: input.outputs.flatMap(output => output.intermediates),
  }
  const artifacts: StoredArtifact[] = []
  const intermediates: StoredIntermediate[] = []
  let objects = 0

  async function write(source: AsyncIterable<Uint8Array | string>): Promise<{ key: string; size: number }> {
    const key = `${input.jobId}/${input.token}-${input.stage}-${++objects}`
    return storage.put(key, encoded(source), { signal })
  }

  function find<T extends { name: string; key: string }>(kind: string, among: readonly T[], name: string): T {
    const found = among.find(each => each.name === name)
    if (!found) throw new Error(`no earlier stage wrote the ${kind} "${name}"`)
    return found
  }

  const context: StageContext = {
    jobId: input.jobId,
    files: input.files,
    settings: input.settings,
    signal,
    artifacts: earlier.artifacts,
    open: async file => storage.open(input.files.find(each => each.id === file.id)!.key),
    async writeArtifact(name, options, source) {
      if ([...earlier.artifacts, ...artifacts].some(each => each.name === name)) {
        throw new Error(`the artifact "${name}" was written twice`)
      }
      const { key, size } = await write(source)
      artifacts.push({ name, size, ...options, stage: input.stage, key })
    },
    openArtifact: async name => storage.open(find('artifact', earlier.artifacts, name).key),
    async writeIntermediate(name, source) {
      const { key } = await write(source)
      intermediates.push({ name, key })
    },
    openIntermediate: async name => storage.open(find('intermediate', earlier.intermediates, name).key),
    progress: report.progress,
    log: report.log,
  }
  return { context, output: { artifacts, intermediates } }
}

async function* encoded(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}
