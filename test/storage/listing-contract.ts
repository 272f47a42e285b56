/** What every storage driver promises of its listings. As in contract.ts, nothing here knows which driver it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobObjects, Storage, StoredObject } from '../../src/storage/storage.ts'
import { collect, inChunks, newJobId, type StorageUnderTest } from './contract.ts'

export function listingContract(name: string, makeStorage: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the contract of listings`, () => {
    let made: StorageUnderTest
    let storage: Storage

    beforeEach(async () => {
      made = await makeStorage()
      storage = made.storage
    })
    afterEach(() => made.dispose())

    const put = async (key: string): Promise<StoredObject> => {
      const { sha256: _, ...object } = await storage.put(key, inChunks(Buffer.from(key)))
      return object
    }

    it('an empty storage lists nothing', async () => {
      expect(await collect(storage.list(newJobId()))).toEqual([])
      expect(await collect(storage.listByJob())).toEqual([])
      await storage.remove((await put(`${newJobId()}/f1`)).key)
      expect(await collect(storage.listByJob())).toEqual([])
    })

    it('all objects are listed job by job, each job once and whole, however many it has', async () => {
      const large = newJobId()
      const alike = Array.from({ length: 3 }, () => `${newJobId().slice(0, -2)}aa`)
      const keys = [
        ...Array.from({ length: 120 }, (_, index) => `${large}/f${index}`),
        ...alike.flatMap(id => [`${id}/f1`, `${id}/f2`, `${id}/f3`]),
        ...Array.from({ length: 20 }, () => `${newJobId()}/f1`),
      ]
      const objects = await Promise.all(keys.map(put))
      expect(sorted(await collect(storage.listByJob()))).toEqual(grouped(objects))
    })

    it('a list holds the objects of its job, and of no job whose id begins or ends alike', async () => {
      const keys = ['a1/f1', 'a1/f2', 'a1_/f1', 'a1-a1/f1', 'ba1/f1', 'a1/a1'].sort()
      const objects = await Promise.all(keys.map(put))
      const listed = (await collect(storage.list('a1'))).map(({ key }) => key).sort()
      expect(listed).toEqual(['a1/a1', 'a1/f1', 'a1/f2'])
      expect(sorted(await collect(storage.listByJob()))).toEqual(grouped(objects))
    })
  })
}

function grouped(objects: readonly StoredObject[]): JobObjects[] {
  const jobs = Map.groupBy(objects, ({ key }) => key.split('/')[0]!)
  return sorted(Array.from(jobs, ([jobId, its]) => ({ jobId, objects: its })))
}

function sorted(jobs: readonly JobObjects[]): JobObjects[] {
  return jobs
    .map(({ jobId, objects }) => ({
      jobId,
      objects: objects.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
    }))
    .sort((one, other) => (one.jobId < other.jobId ? -1 : 1))
}
