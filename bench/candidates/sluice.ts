/** Sluice itself: its API and one worker as processes, its own Redis, signed callbacks. */
import type { Bay } from '../bay.ts'
import { receiveCallbacks } from '../callbacks.ts'
import { SMALL_FILE } from '../small-file.ts'
import { createUploader } from '../uploads.ts'
import type { Candidate } from './candidate.ts'

export const sluice: Candidate = {
  name: 'Sluice',
  async start(bay, load, connections) {
    const env = await sluiceEnvironment(bay)
    const { url } = await bay.start('api', 'src/api/main.ts', env)
    await bay.start('worker', 'src/workers/main.ts', env)
    const callbacks = bay.use(await receiveCallbacks(load.arrived, load.failed))
    const uploader = bay.use(createUploader(url, { connections, content: SMALL_FILE }))
    return submission => uploader.upload({ pipeline: 'inspect', callbackUrl: callbacks.urlOf(submission) })
  },
}

/** As it is delivered, but for the log, which would otherwise tell each job, and the callbacks' loopback address. */
export async function sluiceEnvironment(bay: Bay): Promise<Record<string, string>> {
  const { url } = await bay.redis('always')
  return {
    REDIS_URL: url,
    SLUICE_DATA_DIR: await bay.folder(),
    SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32',
    SLUICE_LOG_LEVEL: 'warn',
    PORT: '0',
  }
}
