/** Where the artifacts of a stage go: small ones into what the stage leaves, the rest into storage. */
import { text } from 'node:stream/consumers'
import { beforeEach, describe, expect, test } from 'vitest'
import type { StageContext } from '../../src/pipelines/pipeline.ts'
import { createStageContext, type StageOutput } from '../../src/pipelines/stage-context.ts'
import { keysOf, openArtifact, RECORD_BYTES } from '../../src/pipelines/stored-artifact.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { useLocalStorage } from '../storage/local-fixture.ts'

const ALL = 'é'.repeat(RECORD_BYTES / 2)

describe('what a stage writes', () => {
  const local = useLocalStorage()
  let storage: Storage
  let context: StageContext
  let output: StageOutput
  let stop: AbortController

  beforeEach(() => {
    storage = local.make()
    stop = new AbortController()
    const input = { jobId: 'job', token: 't', stage: 'one', files: [], outputs: [], settings: {} as never }
    const report = { progress: () => {}, log: () => {} }
    ;({ context, output } = createStageContext(input, { storage, signal: stop.signal, report }))
  })

  const write = (name: string, ...chunks: readonly (string | Uint8Array)[]) =>
    context.writeArtifact(
      name,
      { type: 'text/plain' },
      (async function* () {
        yield* chunks
      })(),
    )
  const stored = async () => (await Array.fromAsync(storage.list('job'))).map(({ key }) => key).sort()
  const read = async (at: number, range?: { start: number; end: number }) =>
    text(await openArtifact(storage, output.artifacts[at]!, range))

  test('small ones are kept in the record as long as there is room for them, and the rest in storage', async () => {
    await write('empty')
    await write('small', 'ab', Buffer.from('c'))
    await write('large', ALL)
    await write('small, too', 'defg')
    expect(output.artifacts.map(({ name, size }) => [name, size])).toEqual([
      ['empty', 0],
      ['small', 3],
      ['large', RECORD_BYTES],
      ['small, too', 4],
    ])
    expect(keysOf(output.artifacts)).toEqual(['job/t-one-1'])
    expect(await stored()).toEqual(['job/t-one-1'])
    expect([await read(0), await read(1), await read(2), await read(3)]).toEqual(['', 'abc', ALL, 'defg'])
    expect([await read(1, { start: 1, end: 1 }), await read(1, { start: 2, end: 99 })]).toEqual(['b', 'c'])
  })

  test('one that fills the record is kept there whole; another byte, and it is in storage', async () => {
    await write('full', ALL)
    await write('one byte', 'x')
    expect(await stored()).toEqual(['job/t-one-1'])
    expect([await read(0), await read(1)]).toEqual([ALL, 'x'])
  })

  test('of those that are written at the same time the record holds no more', async () => {
    await Promise.all(['one', 'another', 'a third'].map(name => write(name, ALL)))
    expect(await stored()).toHaveLength(2)
    expect([await read(0), await read(1), await read(2)]).toEqual([ALL, ALL, ALL])
  })

  test('what a source yields before it fails is nowhere, and the source is left', async () => {
    let left = false
    async function* failing() {
      try {
        yield ALL
        yield ALL
        throw new Error('the source is broken')
      } finally {
        left = true
      }
    }
    await expect(context.writeArtifact('broken', { type: 'text/plain' }, failing())).rejects.toThrow('broken')
    expect([left, output.artifacts, await stored()]).toEqual([true, [], []])
  })

  /** Holds something open as long as it is read. */
  function open(read: () => Promise<void> | void) {
    const state = { left: false }
    async function* source() {
      try {
        yield ALL
        await read()
        for (;;) yield ALL
      } finally {
        state.left = true
      }
    }
    return Object.assign(state, { write: () => context.writeArtifact('a', { type: 'text/plain' }, source()) })
  }

  test('a source is left when its run is stopped while its first bytes are held', async () => {
    const source = open(() => stop.abort(new Error('cancelled')))
    await expect(source.write()).rejects.toThrow('cancelled')
    await expect.poll(() => source.left).toBe(true)
  })

  test('a run that is stopped does not wait for a source that gives nothing', async () => {
    const source = open(async () => {
      setImmediate(() => stop.abort(new Error('cancelled')))
      await new Promise(() => {})
    })
    await expect(source.write()).rejects.toThrow('cancelled')
  })

  test('a source is left when storage takes nothing', async () => {
    storage.put = async (_, source) => {
      await source[Symbol.asyncIterator]().return?.()
      throw new Error('storage is away')
    }
    const source = open(() => {})
    await expect(source.write()).rejects.toThrow('storage is away')
    await expect.poll(() => source.left).toBe(true)
  })

  test('a run that was stopped meanwhile publishes no small one either', async () => {
    await expect(
      context.writeArtifact(
        'late',
        { type: 'text/plain' },
        (async function* () {
          stop.abort(new Error('cancelled'))
          yield 'late'
        })(),
      ),
    ).rejects.toThrow('cancelled')
    expect([output.artifacts, await stored()]).toEqual([[], []])
  })
})
