/** HTTP as bytes on a socket, for what no client would send: half a body, two lengths, no end. */
import { connect, type Socket } from 'node:net'

export const BOUNDARY = 'frontier'
export const END = `--${BOUNDARY}--\r\n`

type Bytes = string | Uint8Array

/** Everything in a row, as bytes. */
export function bytes(...parts: readonly (Bytes | readonly Bytes[])[]): Buffer<ArrayBuffer> {
  return Buffer.concat(parts.flat().map(each => (typeof each === 'string' ? Buffer.from(each) : each)))
}

/** A part of a multipart body; `headers` are its lines. */
export const part = (headers: string, content: Bytes = 'x'): Bytes[] => [
  `--${BOUNDARY}\r\n${headers}\r\n\r\n`,
  content,
  '\r\n',
]
export const file = (name: string, content?: Bytes, field = 'files') =>
  part(`Content-Disposition: form-data; name="${field}"; filename="${name}"`, content)
export const field = (name: string, value: Bytes) =>
  part(`Content-Disposition: form-data; name="${name}"`, value)
/** The pipeline of uploads whose content does not matter. */
export const INSPECT = field('pipeline', 'inspect')

/** The head of an upload, up to the empty line; `headers` besides Host and Content-Type. */
export function uploadHead(path: string, ...headers: readonly string[]): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    ...headers,
    '',
    '',
  ].join('\r\n')
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Of a JSON body. */
  json(): Record<string, unknown>
}

export interface RawConnection {
  readonly socket: Socket
  /** Resolves when the bytes are on their way. */
  say(...what: readonly Bytes[]): Promise<void>
  /** The next answer, whole; rejects where the connection ends before. */
  answer(): Promise<Answer>
  /** Whether anything has ever come. */
  hasHeard(): boolean
  /** Resolves when something comes, or the connection ends. */
  heard(): Promise<void>
  /** Resolves with all that came since the last answer, once the other side has closed. */
  closed: Promise<string>
}

/** @param url of the API. */
export function connectRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
  let received = Buffer.alloc(0)
  const waiting = new Set<() => void>()
  const look = () => {
    for (const each of waiting) each()
  }
  let broken: Error | undefined
  const { promise: closed, resolve: close } = Promise.withResolvers<string>()
  socket
    .on('data', data => {
      received = Buffer.concat([received, data])
      look()
    })
    .on('error', error => {
      broken = error
    })
    .on('close', () => {
      close(received.toString())
      look()
    })
  return {
    socket,
    closed,
    say: (...what) =>
      new Promise((resolve, reject) => {
        socket.write(bytes(what), error => (error ? reject(error) : resolve()))
      }),
    hasHeard: () => socket.bytesRead > 0,
    heard: () =>
      new Promise(resolve => {
        const once = () => {
          if (received.length === 0 && !socket.closed) return
          waiting.delete(once)
          resolve()
        }
        waiting.add(once)
        once()
      }),
    answer: () =>
      new Promise((resolve, reject) => {
        const once = () => {
          const taken = takeAnswer(received)
          if (!taken && !socket.closed) return
          waiting.delete(once)
          if (!taken) return reject(new Error(`closed before an answer: ${received}`, { cause: broken }))
          received = received.subarray(taken.length)
          resolve(taken.answer)
        }
        waiting.add(once)
        once()
      }),
  }
}

/** Null where it is not whole yet. All answers to uploads tell their length; `100 Continue` has no body. */
function takeAnswer(received: Buffer): { answer: Answer; length: number } | null {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return null
  const { status, headers } = parseHead(received.toString('latin1', 0, end))
  const length = end + 4 + Number(headers.get('content-length') ?? 0)
  if (received.length < length) return null
  const body = received.toString('utf8', end + 4, length)
  return { answer: { status, headers, body, json: () => JSON.parse(body) }, length }
}

export interface Head {
  readonly status: number
  readonly headers: Headers
}

/** How an answer begins; what follows is not waited for: it may never end, and after HEAD there is none. */
export function headOf(url: string, lines: readonly string[]): Promise<Head> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  return new Promise((resolve, reject) => {
    socket
      .setEncoding('latin1')
      .on('data', (text: string) => {
        received += text
        const end = received.indexOf('\r\n\r\n')
        if (end < 0) return
        socket.destroy()
        resolve(parseHead(received.slice(0, end)))
      })
      .on('error', reject)
      .on('close', () => reject(new Error(`closed before an answer to ${lines[0]}: ${received}`)))
      .write([...lines, '', ''].join('\r\n'))
  })
}

function parseHead(text: string): Head {
  const [first, ...lines] = text.split('\r\n')
  const headers = new Headers(
    lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(first!.split(' ')[1]), headers }
}
