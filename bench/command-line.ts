/** What can be asked of the benchmark. */
import { parseArgs } from 'node:util'

const PARTS = [
  'jobs',
  'list',
  'idempotency',
  'deliveries',
  'upload',
  'tus',
  'idle',
  's3',
  'pipeline',
] as const
type Part = (typeof PARTS)[number]

export interface Options {
  readonly only: Part | null
  /** Measured, and not measured before it. */
  readonly seconds: number
  readonly warmup: number
  /** Of each candidate; the median counts. */
  readonly rounds: number
  /** Of the pipeline: also the files of 2 GiB. */
  readonly large: boolean
  /** Of the pipeline: a folder of logs to measure its speed with; null: a log of our own making. */
  readonly data: string | null
}

export const HELP = `npm run bench -- [options]

Measures Sluice against other ways of doing the same, in turns on this machine, and ends with 1 where a floor of its own
is not met. The whole takes about twenty minutes; nothing else should run meanwhile.

  --only PART    jobs: jobs a second, end to end, against the usual stack and bare BullMQ
                 list: how long a page of the list takes with 100,000 jobs
                 idempotency: small uploads a second, with an idempotency key and without
                 deliveries: how long callbacks take to 45 receivers, beside 5 that hang and without
                 upload: one upload of 1 GiB, against piping the request into a file
                 tus: one resumable upload of 1 GiB, against the same in one multipart request
                 idle: the memory that a thousand uploads take which have begun and bring nothing
                 s3: one upload of 1 GiB to an S3, and the memory that it takes
                 pipeline: how fast log-analysis reads, beside wc, gzip and ripgrep, and the most memory it takes
  --rounds N     turns of each candidate, of which the median counts (5)
  --seconds N    measured time of a turn of jobs, idempotency or deliveries (30)
  --warmup N     time before it that is not measured (5)
  --large        pipeline: also files of 2 GiB, which take minutes each
  --data DIR     pipeline: measure the speed with the .log files of a folder
  --help         this
`

/** Null: help is asked for. @throws Error with one sentence about what cannot be asked. */
export function parseCommandLine(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '30' },
      warmup: { type: 'string', default: '5' },
      large: { type: 'boolean', default: false },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const only = values.only === undefined ? null : PARTS.find(part => part === values.only)
  if (only === undefined)
    throw new Error(`--only is "${values.only}"; ${PARTS.join(', ')} are what there is.`)
  const number = (name: 'rounds' | 'seconds' | 'warmup') => {
    const value = Number(values[name])
    if (/^\d+$/.test(values[name]) && value >= 1 && value <= 3_600) return value
    throw new Error(`--${name} is "${values[name]}"; a whole number from 1 to 3600 is wanted.`)
  }
  return {
    only,
    rounds: number('rounds'),
    seconds: number('seconds'),
    warmup: number('warmup'),
    large: values.large,
    data: values.data ?? null,
  }
}
