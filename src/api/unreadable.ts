/**
 * What Node refuses before there is a request: a head that is none, is too large, or does not come; a body whose chunks
 * are none. Left alone it answers with a bare status; here it is a problem like any other, and the connection ends.
 */
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Linger } from './linger.ts'
import { Problem } from './problems.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** Node's own field: the response whose turn it is on this connection. Nothing public tells it. */
type HttpSocket = Socket & { readonly _httpMessage?: ServerResponse | null }

export function refuseUnreadable(server: Server, linger: Linger): void {
  const refused = new WeakSet<Socket>()
  server.on('clientError', (error: NodeJS.ErrnoException, socket: HttpSocket) => {
    if (refused.has(socket)) return
    const problem = refusalOf(error.code ?? '')
    if (!problem || !socket.writable || isAnothersTurn(socket)) return void socket.destroy()
    refused.add(socket)
    socket.end(serialized(problem))
    linger.on(socket)
  })
}

/** Null where nobody is there to be told: the connection is broken. What the parser says of it stays inside. */
function refusalOf(code: string): Problem | null {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('request-too-large', 'The request line and the headers are too large.', {
        status: 431,
      })
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('request-too-large', 'The extensions of a chunk are too large.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('invalid-request', 'The headers did not come in time.', {
        status: 408,
        errors: [{ pointer: '', message: 'the headers did not come in time' }],
      })
    default:
      return code.startsWith('HPE_') ? unreadable() : null
  }
}

export function unreadable(): Problem {
  return new Problem('invalid-request', 'The request cannot be read.', {
    errors: [{ pointer: '', message: 'the request cannot be read' }],
  })
}

/**
 * An answer has begun, and a second one would end up in its middle; or the request before has come whole: a refusal
 * would be taken for its answer, and it may well succeed.
 */
function isAnothersTurn({ _httpMessage: response }: HttpSocket): boolean {
  return !!response && (response.headersSent || response.req.complete)
}

function serialized(problem: Problem): string {
  const { status } = problem
  const { headers, body } = problem.parts('none')
  const lines = Object.entries({
    ...SECURITY_HEADERS,
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`
}
