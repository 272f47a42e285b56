/** The storage that the settings name. Whoever needs one comes here; nobody else knows the drivers. */
import type { Config } from '../config.ts'
import { createLocalStorage } from './local.ts'
import type { Storage } from './storage.ts'

/** Plain data: a worker hands them to its threads. */
export type StorageSettings = Pick<Config, 'storage' | 'storageReserve' | 'maxFileSize' | 'archive'>

export function storageSettings({
  storage,
  storageReserve,
  maxFileSize,
  archive,
}: StorageSettings): StorageSettings {
  return { storage, storageReserve, maxFileSize, archive }
}

export interface StorageUse {
  /** Whether large objects are hashed on a thread of their own, for whoever takes in more than it works on. */
  readonly hashBeside?: boolean
}

export async function createStorage(settings: StorageSettings, use: StorageUse = {}): Promise<Storage> {
  const { storage, storageReserve: reserve, maxFileSize, archive } = settings
  if (storage.kind === 'local') return createLocalStorage({ dir: storage.dir, reserve, ...use })
  // Loaded only where it is wanted: the SDK takes each process, and each thread, a tenth of a second and 13 MiB.
  const { createS3Storage } = await import('./s3.ts')
  return createS3Storage({
    place: storage,
    // What is unpacked from a file and redacted may grow, but hardly to twice its size.
    largestObject: 2 * Math.max(maxFileSize, archive.size),
  })
}
