/** Which jobs the list shows. The address holds it, so that a reload, a link or the browser's history keep it. */
import { type Job, STATUSES, type Status } from '../../contract.ts'
import { plain } from '../../format.ts'
import { mentions } from '../../service/mentions.ts'
import { CAUSES, type Code } from '../operations/causes.ts'

export interface Filter {
  readonly statuses: readonly Status[]
  readonly pipeline: string
  /** Looked for in ids, file names and metadata. */
  readonly text: string
  /** Exact values by key. */
  readonly metadata: readonly (readonly [key: string, value: string])[]
  readonly owner: string
  /** Why it failed. */
  readonly error: Code | ''
  /** How long ago at most a job was made; see `AGES`. */
  readonly age: string
}

/** In ms, by what stands in the address. */
export const AGES: Readonly<Record<string, { readonly name: string; readonly ms: number }>> = {
  '1h': { name: 'The last hour', ms: 3_600_000 },
  '24h': { name: 'The last 24 hours', ms: 86_400_000 },
  '7d': { name: 'The last 7 days', ms: 7 * 86_400_000 },
}

export const EVERYTHING: Filter = {
  statuses: [],
  pipeline: '',
  text: '',
  metadata: [],
  owner: '',
  error: '',
  age: '',
}

const METADATA = 'metadata.'

/** What does not make sense in an address is left out: it may have been typed. */
export function readFilter(search: string): Filter {
  const params = new URLSearchParams(search)
  for (const [name, value] of [...params]) if (!isVisible(value)) params.delete(name, value)
  return {
    statuses: STATUSES.filter(status => params.getAll('status').includes(status)),
    pipeline: params.get('pipeline') ?? '',
    text: params.get('q') ?? '',
    metadata: [...params]
      .filter(([name]) => name.startsWith(METADATA) && name.length > METADATA.length)
      .map(([name, value]) => [name.slice(METADATA.length), value]),
    owner: params.get('owner') ?? '',
    error: (Object.keys(CAUSES) as Code[]).find(code => code === params.get('error')) ?? '',
    age: params.get('age')! in AGES ? params.get('age')! : '',
  }
}

/** Whether there is something to read in it: a filter that nobody sees cannot be taken away. */
function isVisible(value: string): boolean {
  return /[^\p{C}\p{Z}]/u.test(value)
}

/** As it stands in the address. */
export function writeFilter({ age, ...filter }: Filter): string {
  const params = queryOf({ ...filter, age: '' }, 0)
  if (age) params.set('age', age)
  return params.toString()
}

/** As the API has it. @param now in ms since the epoch */
export function queryOf(
  { statuses, pipeline, text, metadata, owner, error, age }: Filter,
  now: number,
): URLSearchParams {
  const params = new URLSearchParams(statuses.map((status): [string, string] => ['status', status]))
  if (pipeline) params.set('pipeline', pipeline)
  if (text) params.set('q', text)
  for (const [key, value] of metadata) params.append(`${METADATA}${key}`, value)
  if (owner) params.set('owner', owner)
  if (error) params.set('error', error)
  if (age) params.set('createdAfter', new Date(now - AGES[age]!.ms).toISOString())
  return params
}

/** Whether the list would hold this job, as the API would say; it need not be asked again for each event. */
export function fits(
  job: Job,
  { statuses, pipeline, text, metadata, owner, error, age }: Filter,
  now: number,
): boolean {
  return (
    (statuses.length === 0 || statuses.includes(job.status)) &&
    (!pipeline || job.pipeline === pipeline) &&
    (!owner || job.owner === owner) &&
    (!error || job.error?.code === error) &&
    (!age || Date.parse(job.createdAt) > now - AGES[age]!.ms) &&
    metadata.every(([key, value]) => key in job.metadata && plain(job.metadata[key]) === value) &&
    (!text || mentions(job, text.toLowerCase()))
  )
}

export function isEverything(filter: Filter): boolean {
  return writeFilter(filter) === ''
}
