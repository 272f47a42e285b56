/** The client of every candidate that speaks HTTP: multipart uploads over connections that are kept open. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { Pool } from 'undici'

/** In curl's form and length: what looks for it looks the faster the longer it is. */
const BOUNDARY = '------------------------sluiceBench4f1c9aQ7xZ2'
const HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
const CHUNK = 256 * 1024
/** Bytes of each request of a resumable upload. */
const REQUEST = 8 * 2 ** 20

/** One small upload after the other, on as many connections as there are uploads at once. */
export function createUploader(url: string, options: { connections: number; content: Buffer }) {
  const pool = new Pool(url, { connections: options.connections, pipelining: 1 })
  const head = filePart('sample.log')
  return {
    /** Resolves when it was accepted. @throws on any other answer. */
    async upload(
      fields: Readonly<Record<string, string>>,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<void> {
      const parts = Object.entries(fields).map(([name, value]) => fieldPart(name, value))
      const answer = await pool.request({
        method: 'POST',
        path: '/api/jobs',
        headers: { ...HEADERS, ...headers },
        body: Buffer.concat([...parts, head, options.content, END]),
      })
      const body = await answer.body.text()
      if (answer.statusCode !== 202) throw new Error(`an upload was answered ${answer.statusCode}: ${body}`)
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

/** One file of `size` random bytes. @returns seconds until the whole answer was there. */
export async function uploadLarge(
  url: string,
  size: number,
  fields: Readonly<Record<string, string>>,
): Promise<number> {
  const chunk = randomBytes(CHUNK)
  const head = Buffer.concat([
    ...Object.entries(fields).map(([name, value]) => fieldPart(name, value)),
    filePart('large.bin'),
  ])
  const started = performance.now()
  const request = httpRequest(`${url}/api/jobs`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-length': head.length + size + END.length },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  answered.catch(() => {})
  request.write(head)
  for (let left = size; left > 0; left -= CHUNK) {
    // An early answer means that it was refused; nobody reads the rest.
    if (!request.write(left < CHUNK ? chunk.subarray(0, left) : chunk)) {
      await Promise.race([once(request, 'drain'), answered])
    }
  }
  request.end(END)
  const [response] = await answered
  const body = (await response.setEncoding('utf8').toArray()).join('')
  if (response.statusCode !== 202) throw new Error(`the upload was answered ${response.statusCode}: ${body}`)
  return (performance.now() - started) / 1_000
}

/** The same by the tus protocol, in requests of 8 MiB each. @returns seconds until the last was answered. */
export async function uploadResumably(
  url: string,
  size: number,
  fields: Readonly<Record<string, string>>,
): Promise<number> {
  const chunk = randomBytes(CHUNK)
  const metadata = Object.entries({ ...fields, filename: 'large.bin', submit: '' })
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const tus = { 'tus-resumable': '1.0.0' }
  const started = performance.now()
  try {
    const create = httpRequest(`${url}/api/uploads`, {
      agent,
      method: 'POST',
      headers: { ...tus, 'upload-length': size, 'upload-metadata': metadata },
    })
    const { location } = await answered(create.end(), 201)
    for (let offset = 0; offset < size; offset += REQUEST) {
      const length = Math.min(REQUEST, size - offset)
      const request = httpRequest(new URL(location!, url), {
        agent,
        method: 'PATCH',
        headers: {
          ...tus,
          'upload-offset': offset,
          'content-type': 'application/offset+octet-stream',
          'content-length': length,
        },
      })
      for (let left = length; left > 0; left -= CHUNK) {
        if (!request.write(left < CHUNK ? chunk.subarray(0, left) : chunk)) await once(request, 'drain')
      }
      await answered(request.end(), 204)
    }
    return (performance.now() - started) / 1_000
  } finally {
    agent.destroy()
  }
}

/** Waits for the whole answer. @throws on another status than wanted. */
async function answered(request: ClientRequest, status: number): Promise<IncomingHttpHeaders> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = (await response.setEncoding('utf8').toArray()).join('')
  if (response.statusCode !== status)
    throw new Error(`the upload was answered ${response.statusCode}: ${body}`)
  return response.headers
}

const END = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)

function fieldPart(name: string, value: string): Buffer {
  return Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
}

function filePart(name: string): Buffer {
  return Buffer.from(
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n` +
      'content-type: application/octet-stream\r\n\r\n',
  )
}
