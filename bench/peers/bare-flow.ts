/**
 * The ceiling: the same flow as Sluice's, `process` ← `attach-file`, taken by BullMQ workers that do nothing. It tells
 * its parent the number of each flow whose `process` has run.
 */
import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'

process.on('disconnect', () => process.exit())

const connect = () => new Redis(process.env.REDIS_URL!, { maxRetriesPerRequest: null })
const workers = [
  new Worker('attach-file', async () => {}, { connection: connect(), prefix: '{bare}', concurrency: 32 }),
  new Worker('process', async (job: Job<{ number: number }>) => void finished(job.data.number), {
    connection: connect(),
    prefix: '{bare}',
    concurrency: 50,
  }),
]

let told: number[] = []
function finished(number: number): void {
  if (told.push(number) > 1) return
  setImmediate(() => {
    process.send!({ type: 'finished', numbers: told })
    told = []
  })
}

await Promise.all(workers.map(worker => worker.waitUntilReady()))
process.send!({ type: 'ready' })
