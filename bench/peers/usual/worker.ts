/** The usual stack's worker: hashes the files, posts an unsigned callback. As many jobs at once as Sluice takes. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { QUEUE, type UsualJob } from './job.ts'

process.on('disconnect', () => process.exit())

const worker = new Worker<UsualJob>(
  QUEUE,
  async job => {
    const files = []
    for (const { path, name } of job.data.files) {
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash)
      files.push({ name, sha256: hash.digest('hex') })
    }
    const answer = await fetch(job.data.callbackUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: job.id, status: 'completed', files }),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`)
    return { files }
  },
  { connection: new Redis(process.env.REDIS_URL!, { maxRetriesPerRequest: null }), concurrency: 50 },
)
await worker.waitUntilReady()
process.send!({ type: 'ready' })
