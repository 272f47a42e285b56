/** Marks: small texts that are replaced whole, so that a crash leaves the old one or the new one. */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { hasCode, translated } from './disk.ts'
import type { Folders } from './folders.ts'
import type { Storage } from './storage.ts'
import { requirePart } from './storage-key.ts'

export function createMarks(dir: string, folders: Folders): Pick<Storage, 'readMark' | 'writeMark'> {
  return {
    async readMark(name) {
      requirePart(name, 'name of a mark')
      try {
        return await fs.promises.readFile(join(dir, name), 'utf8')
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return null
        return translated('read a mark', () => Promise.reject(error))
      }
    },

    async writeMark(name, text) {
      requirePart(name, 'name of a mark')
      // The dot keeps it apart from every mark.
      const draft = join(dir, `.${name}.${randomUUID()}`)
      await translated('write a mark', async () => {
        await folders.make(dir)
        try {
          await fs.promises.writeFile(draft, text, { flag: 'wx', flush: true })
          await fs.promises.rename(draft, join(dir, name))
        } catch (error) {
          await fs.promises.rm(draft, { force: true })
          throw error
        }
        await folders.sync(dir)
      })
    },
  }
}
