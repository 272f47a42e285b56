/** An API process like the product's, which also knows the pipeline that misbehaves. */
import { startApi } from '../../src/api/compose.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { testPipelines } from './misbehaving.ts'

const config = loadConfig()
const log = createLog({ level: config.logLevel, format: config.logFormat, role: 'api' })
const api = await startApi({
  config,
  redisUrl: config.redisUrl!,
  log,
  version: '0.0.0',
  pipelines: testPipelines,
})
for (const end of ['SIGTERM', 'disconnect'])
  process.on(end, () => void api.stop().then(() => process.exit(0)))
process.send!({ type: 'ready', url: api.url })
