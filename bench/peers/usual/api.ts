/**
 * The usual stack's HTTP side: multer writes the upload into a folder, one job is added, and that is the answer. Nothing
 * is synced, nothing is hashed yet, and a crash between the two leaves a file without a job.
 */
import type { AddressInfo } from 'node:net'
import { Queue } from 'bullmq'
import express from 'express'
import { Redis } from 'ioredis'
import multer from 'multer'
import { QUEUE, type UsualJob } from './job.ts'

const { REDIS_URL, UPLOAD_DIR } = process.env
process.on('disconnect', () => process.exit())

const queue = new Queue<UsualJob>(QUEUE, {
  connection: new Redis(REDIS_URL!, { maxRetriesPerRequest: null }),
  defaultJobOptions: { attempts: 3, backoff: { type: 'exponential', delay: 1_000 } },
})
const upload = multer({ storage: multer.diskStorage({ destination: UPLOAD_DIR! }) })

const app = express()
app.post('/api/jobs', upload.array('files'), async (request, response) => {
  const files = (request.files as Express.Multer.File[]).map(({ path, originalname }) => ({
    path,
    name: originalname,
  }))
  const job = await queue.add('process', { files, callbackUrl: String(request.body.callbackUrl) })
  response.status(202).json({ id: job.id, status: 'queued', files: files.map(({ name }) => ({ name })) })
})

const server = app.listen(0, '127.0.0.1', () => {
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
