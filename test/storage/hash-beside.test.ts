import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { realDisk } from '../../src/storage/disk.ts'
import { createHashBeside } from '../../src/storage/hash-beside.ts'
import { NewObject } from '../../src/storage/new-object.ts'
import { inChunks, newJobId } from './contract.ts'
import { useLocalStorage } from './local-fixture.ts'

const MiB = 1024 * 1024
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('the thread that hashes', () => {
  const storages = useLocalStorage({ hashBeside: true })
  const beside = createHashBeside()
  afterEach(() => beside.close())

  it('follows many objects at once, and gives each its own hash', async () => {
    const storage = storages.make()
    const contents = Array.from({ length: 8 }, (_, at) => randomBytes(2 * MiB + at))
    const put = await Promise.all(contents.map(each => storage.put(`${newJobId()}/f1`, inChunks(each))))
    expect(put.map(each => each.sha256)).toEqual(contents.map(sha256))
  })

  it('refuses an object that is shorter than what was written to it', async () => {
    const cutting = {
      write: async (file: number, chunks: Uint8Array[]) => {
        const written = await realDisk.write(file, chunks)
        fs.ftruncateSync(file, 10)
        return written
      },
    }
    const put = storages.make({ disk: cutting }).put(`${newJobId()}/f1`, inChunks(randomBytes(2 * MiB)))
    await expect(put).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('shorter') as string,
    })
    expect(storages.files()).toEqual([])
  })

  it('that ends takes what it was following along, and another follows the next', async () => {
    const file = join(storages.dir, 'object')
    const bytes = randomBytes(MiB)
    fs.writeFileSync(file, bytes)
    const lost = beside.open(file)
    lost.reached(bytes.length)
    await Promise.all([
      expect(lost.digest()).rejects.toMatchObject({ name: 'StorageError', code: 'unavailable' }),
      beside.close(),
    ])

    const next = beside.open(file)
    next.reached(bytes.length)
    expect(await next.digest()).toBe(sha256(bytes))
  })

  it('lets go of an upload that broke off while its file was being made', async () => {
    const room = Promise.withResolvers<void>()
    const file = join(storages.dir, 'object')
    fs.mkdirSync(storages.dir, { recursive: true })
    const held: string[] = []
    const object = new NewObject({
      file,
      disk: realDisk,
      requireRoom: () => room.promise,
      syncFolder: async () => {},
      openHash: path => {
        held.push(path)
        const hash = beside.open(path)
        const abandon = () => {
          held.splice(held.indexOf(path), 1)
          hash.abandon()
        }
        return { ...hash, abandon }
      },
      onFailure: () => {},
    })
    object.append(randomBytes(MiB / 4))
    const discarded = object.discard()
    room.resolve()
    await discarded
    expect(held).toEqual([])
    expect(fs.existsSync(file)).toBe(false)
  })

  it('lets go of what nobody asks for any more', async () => {
    const file = join(storages.dir, 'object')
    fs.writeFileSync(file, randomBytes(MiB))
    const abandoned = beside.open(file)
    abandoned.reached(MiB)
    abandoned.abandon()
    // Messages are heeded in order: when the next one is answered, the file of the first is closed.
    const next = beside.open(file)
    next.reached(MiB)
    await next.digest()
    const open = fs.readdirSync('/proc/self/fd').filter(fd => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`) === file
      } catch {
        return false
      }
    })
    expect(open).toEqual([])
  })
})
