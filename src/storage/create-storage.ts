/** The storage that the settings name. Whoever needs one comes here; nobody else knows the drivers. */
import type { Config } from '../config.ts'
import { createLocalStorage } from './local.ts'
import type { Storage } from './storage.ts'

/** Plain data: a worker hands them to its threads. */
export type StorageSettings = Pick<Config, 'storage' | 'storageReserve'>

export function storageSettings({ storage, storageReserve }: Config): StorageSettings {
  return { storage, storageReserve }
}

export interface StorageUse {
  /** Whether large objects are hashed on a thread of their own, for whoever takes in more than it works on. */
  readonly hashBeside?: boolean
}

export function createStorage(settings: StorageSettings, use: StorageUse = {}): Storage {
  const { storage, storageReserve: reserve } = settings
  return createLocalStorage({ dir: storage.dir, reserve, ...use })
}
