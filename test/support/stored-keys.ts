import type { Storage } from '../../src/storage/storage.ts'

/** The keys of all that a storage holds, sorted. */
export async function storedKeys(storage: Storage): Promise<string[]> {
  const jobs = await Array.fromAsync(storage.listByJob())
  return jobs.flatMap(({ objects }) => objects.map(({ key }) => key)).sort()
}
