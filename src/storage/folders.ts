/**
 * Folders whose entries survive a power cut.
 *
 * A new file is durable only once the folder that names it is synced, too. Many files are made in the same folders at
 * once, and one sync covers all that were there when it began: so each folder has one sync under way at a time, and
 * whoever asks meanwhile shares the next one. (Not the present one: it may have begun before their file was there.)
 *
 * The folders' handles are kept open, which saves opening them for each sync; there are few folders.
 */
import fs from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, hasCode } from './disk.ts'

export interface Folders {
  /** Makes the folder and those above it, durably. Once it has succeeded, later calls cost nothing. */
  make(folder: string): Promise<void>
  /**
   * The same for a folder whose parent is there. Rejects where it is not any more: a mount that is gone must not be
   * made anew on the disk below it.
   */
  makeInside(folder: string): Promise<void>
  /** Resolves when everything that is in the folder now would survive a power cut. */
  sync(folder: string): Promise<void>
  /** Waits for the syncs under way and lets the handles go. */
  close(): Promise<void>
}

interface OpenFolder {
  readonly handle: number
  running: Promise<void> | null
  next: Promise<void> | null
}

export function createFolders(disk: Pick<Disk, 'sync'>): Folders {
  const made = new Map<string, Promise<void>>()
  const open = new Map<string, OpenFolder>()

  const makeInsideNow = async (path: string): Promise<void> => {
    await fs.promises.mkdir(path).catch(error => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
    await sync(dirname(path))
  }

  const makeNow = async (path: string): Promise<void> => {
    const first = await fs.promises.mkdir(path, { recursive: true })
    // Another process may have made it a moment ago and not have synced it yet: the parent is synced in any case.
    const highest = dirname(first ?? path)
    for (let parent = dirname(path); ; parent = dirname(parent)) {
      await sync(parent)
      if (parent.length <= highest.length) return
    }
  }

  const find = (path: string): OpenFolder => {
    let folder = open.get(path)
    if (!folder) {
      folder = { handle: fs.openSync(path, 'r'), running: null, next: null }
      open.set(path, folder)
    }
    return folder
  }

  const run = async (folder: OpenFolder): Promise<void> => {
    try {
      await disk.sync(folder.handle)
    } finally {
      folder.running = folder.next
      folder.next = null
    }
  }

  const runAfter = async (running: Promise<void>, folder: OpenFolder): Promise<void> => {
    // Its failure is told to those who share it; here only its end matters.
    await Promise.allSettled([running])
    await run(folder)
  }

  async function sync(path: string): Promise<void> {
    const folder = find(path)
    if (folder.running) {
      folder.next ??= runAfter(folder.running, folder)
      return folder.next
    }
    folder.running = run(folder)
    return folder.running
  }

  /** Each folder once, for as long as it succeeds. */
  function once(path: string, makeIt: (path: string) => Promise<void>): Promise<void> {
    let making = made.get(path)
    if (!making) {
      making = makeIt(path)
      made.set(path, making)
      // Whoever waits for it is told; the next one tries again.
      making.catch(() => made.delete(path))
    }
    return making
  }

  return {
    make: path => once(path, makeNow),
    makeInside: path => once(path, makeInsideNow),

    sync,

    async close() {
      for (const folder of open.values()) {
        while (folder.running) await Promise.allSettled([folder.running, folder.next])
        fs.closeSync(folder.handle)
      }
      open.clear()
      made.clear()
    },
  }
}
