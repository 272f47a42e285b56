/** The receiver of callbacks: each submission is given a URL of its own, by which its callback is known again. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Callbacks extends AsyncDisposable {
  urlOf(submission: number): string
}

/** @param arrived told the number of each submission whose callback says `completed`. @param failed of any other. */
export async function receiveCallbacks(
  arrived: (submission: number) => void,
  failed: (error: Error) => void,
): Promise<Callbacks> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    response.writeHead(204).end()
    if (body.includes('completed')) arrived(Number(request.url!.slice(1)))
    else failed(new Error(`a callback that says something else: ${body.slice(0, 500)}`))
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    urlOf: submission => `http://127.0.0.1:${port}/${submission}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}
