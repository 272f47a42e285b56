/** A worker process like the product's, which also knows the pipeline that misbehaves. */
import { loadConfig } from '../../src/config.ts'
import { runWorker } from '../../src/workers/worker.ts'
import { testPipelines } from './misbehaving.ts'

const stopping = Promise.withResolvers<void>()
process.on('SIGTERM', () => stopping.resolve())
process.on('disconnect', () => stopping.resolve())
await runWorker(loadConfig(), testPipelines, () => process.send!({ type: 'ready' }), stopping.promise)
process.exit(0)
