/**
 * Where an object lies: `<root>/<xx>/<job id>.<name>`. Job ids are UUIDv7, whose first digits are the time, so `xx`
 * is the last two: jobs spread evenly over 256 *shard* folders, and the syncs of one folder are shared by many
 * puts. A folder for each job would need one more sync, and one more folder to remove, for each of them.
 *
 * Neither part of a key can hold a dot, so a file's name splits into them in one way only.
 */
import { parseKey, requireKey, requirePart } from './storage-key.ts'

export interface ObjectPath {
  readonly folder: string
  readonly file: string
}

/** @throws TypeError for what is no key. */
export function objectPath(root: string, key: string): ObjectPath {
  const { jobId, name } = requireKey(key)
  const folder = shardFolder(root, jobId)
  return { folder, file: `${folder}/${jobId}.${name}` }
}

/**
 * The shard of a job. Ids that do not end in two digits of a UUID share one folder, which is slower but right.
 *
 * @throws TypeError for what is no job id.
 */
export function shardFolder(root: string, jobId: string): string {
  requirePart(jobId, 'job id')
  return `${root}/${/[0-9a-f]{2}$/.exec(jobId)?.[0] ?? '00'}`
}

/** Null for a file that somebody else put there. */
export function parseFileName(fileName: string): { jobId: string; key: string } | null {
  const key = fileName.replace('.', '/')
  const parsed = parseKey(key)
  return parsed && { jobId: parsed.jobId, key }
}
