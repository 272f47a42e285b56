/** The least that can be done with an upload: the request's bytes, as they come, into a file. Not hashed, not synced. */
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

process.on('disconnect', () => process.exit())

let files = 0
const server = createServer(async (request, response) => {
  await pipeline(request, createWriteStream(join(process.env.UPLOAD_DIR!, `upload-${++files}`)))
  response.writeHead(202).end()
})
server.listen(0, '127.0.0.1', () => {
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
