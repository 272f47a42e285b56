import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFolders, type Folders } from '../../src/storage/folders.ts'

describe('the sync of a folder', () => {
  let folder: string
  let folders: Folders
  /** The syncs that have begun, in order; each ends when the test says so. */
  let syncs: PromiseWithResolvers<void>[]

  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'sluice-folders-'))
    syncs = []
    folders = createFolders({
      sync: () => {
        const sync = Promise.withResolvers<void>()
        syncs.push(sync)
        return sync.promise
      },
    })
  })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  const begun = async (count: number) => {
    while (syncs.length < count) await turn()
    expect(syncs.length).toBe(count)
  }

  it('is shared by all who ask while one is under way, and begins only after that one', async () => {
    const done: string[] = []
    const first = folders.sync(folder).then(() => done.push('first'))
    const later = Array.from({ length: 100 }, () => folders.sync(folder).then(() => done.push('later')))
    await begun(1)
    syncs[0]!.resolve()
    await first
    await begun(2)
    expect(done).toEqual(['first'])
    syncs[1]!.resolve()
    await Promise.all(later)
    expect(syncs.length).toBe(2)
  })

  it('that fails is told to those who share it, and to nobody else', async () => {
    const results = Promise.allSettled([folders.sync(folder), folders.sync(folder), folders.sync(folder)])
    syncs[0]!.reject(new Error('broken'))
    await begun(2)
    const third = folders.sync(folder)
    syncs[1]!.resolve()
    await begun(3)
    syncs[2]!.resolve()
    await third
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })

  it('is waited for when the folders are closed', async () => {
    let closed = false
    const sync = folders.sync(folder)
    const closing = folders.close().then(() => {
      closed = true
    })
    await turn()
    expect(closed).toBe(false)
    syncs[0]!.resolve()
    await Promise.all([sync, closing])
  })

  it('comes after every parent’s when a folder is made, also for who finds it made by another process', async () => {
    const inodes: number[] = []
    const deep = join(folder, 'a', 'b')
    const making = () => createFolders({ sync: async handle => void inodes.push(fs.fstatSync(handle).ino) })
    const inodeOf = (path: string) => fs.statSync(path).ino

    const maker = making()
    await maker.make(deep)
    await maker.make(deep)
    await maker.close()
    expect(inodes).toEqual([inodeOf(join(folder, 'a')), inodeOf(folder)])

    inodes.length = 0
    const finder = making()
    await finder.make(deep)
    await finder.close()
    expect(inodes).toEqual([inodeOf(join(folder, 'a'))])
  })
})
