/** The stack that most would write: see peers/usual. The same uploads, callbacks and number of processes as Sluice's. */
import { receiveCallbacks } from '../callbacks.ts'
import { SMALL_FILE } from '../small-file.ts'
import { createUploader } from '../uploads.ts'
import type { Candidate } from './candidate.ts'

export const usual: Candidate = {
  name: 'usual stack',
  async start(bay, load, connections) {
    const env = { REDIS_URL: (await bay.redis('everysec')).url, UPLOAD_DIR: await bay.folder() }
    const { url } = await bay.start('api', 'bench/peers/usual/api.ts', env)
    await bay.start('worker', 'bench/peers/usual/worker.ts', env)
    const callbacks = bay.use(await receiveCallbacks(load.arrived, load.failed))
    const uploader = bay.use(createUploader(url, { connections, content: SMALL_FILE }))
    return submission => uploader.upload({ callbackUrl: callbacks.urlOf(submission) })
  },
}
