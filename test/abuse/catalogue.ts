/**
 * Requests that no honest client sends, or only a broken one: what each says, and how it is refused. Each is sent to both
 * entrances for multipart uploads.
 */
import { setImmediate as turn } from 'node:timers/promises'
import {
  BOUNDARY,
  bytes,
  END,
  field,
  file,
  part,
  type RawConnection,
  uploadHead,
} from '../support/raw-request.ts'

export interface Entrance {
  readonly path: string
  /** Fields that an upload brings there. */
  readonly fields: readonly (string | Uint8Array)[]
}

export interface Abuse {
  readonly name: string
  /** Ends where nothing more is to be said; the answer may come before. */
  say(connection: RawConnection, entrance: Entrance): Promise<unknown>
  /** Null where the connection just ends. */
  readonly answer: readonly [status: number, code: string] | null
  /** Has to be waited out: not repeated to see whether memory grows. */
  readonly slow?: true
}

type Part = readonly (string | Uint8Array)[]

const KIB = 2 ** 10
const MIB = 2 ** 20
const HASH = '0'.repeat(64)
const FILE_PART = 'Content-Disposition: form-data; name="files"; filename="a.log"'

/** A whole request with its length, of parts behind those that the entrance wants. */
const whole =
  (...parts: readonly (string | Uint8Array | Part)[]): Abuse['say'] =>
  (connection, { path, fields }) => {
    const body = bytes(fields, ...parts)
    return connection.say(uploadHead(path, `Content-Length: ${body.length}`), body)
  }
/** The head with these headers in place of the length, and a good body. */
const headed =
  (...headers: readonly string[]): Abuse['say'] =>
  (connection, { path, fields }) =>
    connection.say(uploadHead(path, ...headers), bytes(fields, file('a.log'), END))
const chunk = (content: Uint8Array) => bytes(`${content.length.toString(16)}\r\n`, content, '\r\n')
/** Begins so, and goes on until somebody minds. In turns: as long as writes succeed at once, nothing is read. */
const endless =
  (...begin: readonly (string | Part)[]): Abuse['say'] =>
  async (connection, { path, fields }) => {
    await connection.say(uploadHead(path, 'Transfer-Encoding: chunked'), chunk(bytes(fields, ...begin)))
    const more = chunk(Buffer.alloc(64 * KIB, 'x'))
    while (!connection.hasHeard() && !connection.socket.destroyed) {
      await Promise.race([connection.say(more).catch(() => undefined), connection.heard()])
      await turn()
    }
  }
const many = (count: number, make: (at: number) => Part) =>
  Array.from({ length: count }, (_, at) => make(at)).flat()
/** Part of a request, and then nothing. */
const stalled =
  (header: string, ...parts: readonly (string | Uint8Array | Part)[]): Abuse['say'] =>
  (connection, { path, fields }) =>
    connection.say(uploadHead(path, header), bytes(fields, ...parts))

const MALFORMED = [400, 'malformed-multipart'] as const
const INVALID = [400, 'invalid-request'] as const
const TIMEOUT = [408, 'upload-timeout'] as const

export const CATALOGUE: readonly Abuse[] = [
  {
    name: 'a missing boundary',
    say: (connection, { path }) =>
      connection.say(uploadHead(path, 'Content-Length: 5').replace(`; boundary=${BOUNDARY}`, ''), '--b--'),
    answer: MALFORMED,
  },
  {
    name: 'an empty boundary',
    say: (connection, { path }) =>
      connection.say(uploadHead(path, 'Content-Length: 5').replace(`=${BOUNDARY}`, '='), '--b--'),
    answer: MALFORMED,
  },
  {
    name: 'a wrong boundary',
    say: whole(
      file('a.log').map(each => (typeof each === 'string' ? each.replace(BOUNDARY, 'front') : each)),
    ),
    answer: MALFORMED,
  },
  {
    name: 'an endless boundary: one that never comes',
    say: (connection, { path }) => endless()(connection, { path, fields: ['x'] }),
    answer: MALFORMED,
  },
  {
    name: 'an endless boundary: one that begins and never ends',
    say: endless(`--${BOUNDARY}`),
    answer: MALFORMED,
  },
  { name: 'an endless body behind its end', say: endless(file('a.log'), END), answer: MALFORMED },
  { name: 'an endless header of a part', say: endless(`--${BOUNDARY}\r\nX: `), answer: MALFORMED },
  {
    name: 'an endless part that is none',
    say: endless(`--${BOUNDARY}\r\nContent-Disposition: attachment\r\n\r\n`),
    answer: [413, 'field-too-large'],
  },
  {
    name: 'a second body behind the first',
    say: whole(file('a.log'), END, file('b.log'), file('c.log'), END),
    answer: MALFORMED,
  },
  { name: 'a truncated body, in a file', say: whole(part(FILE_PART).slice(0, 2)), answer: MALFORMED },
  { name: 'a truncated body, in a header', say: whole(`--${BOUNDARY}\r\nContent-Disp`), answer: MALFORMED },
  { name: 'a truncated body, before its end', say: whole(file('a.log')), answer: MALFORMED },

  {
    name: 'a Content-Length that is too long',
    say: headed('Content-Length: 4096'),
    answer: TIMEOUT,
    slow: true,
  },
  {
    // What is left over is no request, and comes in the place of the answer.
    name: 'a Content-Length that is too short',
    say: (connection, { path, fields }) => {
      const body = bytes(fields, file('a.log'), END)
      return connection.say(uploadHead(path, `Content-Length: ${body.length - 30}`), body)
    },
    answer: null,
  },
  { name: 'a negative Content-Length', say: headed('Content-Length: -1'), answer: INVALID },
  { name: 'a Content-Length that is no number', say: headed('Content-Length: 0x99'), answer: INVALID },
  {
    name: 'a Content-Length beyond all numbers',
    say: headed(`Content-Length: ${'9'.repeat(30)}`),
    answer: INVALID,
  },
  {
    name: 'two Content-Lengths that differ',
    say: headed('Content-Length: 10', 'Content-Length: 11'),
    answer: INVALID,
  },
  {
    name: 'a Content-Length beside a Transfer-Encoding',
    say: headed('Content-Length: 10', 'Transfer-Encoding: chunked'),
    answer: INVALID,
  },
  {
    name: 'a Transfer-Encoding that hides a Content-Length',
    say: headed('Content-Length: 10', 'Transfer-Encoding : chunked'),
    answer: INVALID,
  },
  {
    name: 'a Transfer-Encoding that nobody knows',
    say: headed('Transfer-Encoding: xchunked'),
    answer: INVALID,
  },
  {
    name: 'a Transfer-Encoding that does not end in chunks',
    say: headed('Transfer-Encoding: chunked, gzip'),
    answer: INVALID,
  },
  {
    name: 'chunks of a negative size',
    say: stalled('Transfer-Encoding: chunked', '-1\r\n'),
    answer: INVALID,
  },
  {
    name: 'chunks of a size beyond all numbers',
    say: stalled('Transfer-Encoding: chunked', `${'f'.repeat(20)}\r\n`),
    answer: INVALID,
  },
  {
    name: 'chunks without an end',
    say: (connection, { path, fields }) =>
      connection.say(uploadHead(path, 'Transfer-Encoding: chunked'), chunk(bytes(fields, file('a.log')))),
    answer: TIMEOUT,
    slow: true,
  },
  {
    name: 'a slow-loris in the body: silence in a file',
    say: stalled('Content-Length: 4096', part(FILE_PART).slice(0, 2)),
    answer: TIMEOUT,
    slow: true,
  },
  {
    name: 'a slow-loris in the body: silence before it',
    say: stalled('Content-Length: 4096'),
    answer: TIMEOUT,
    slow: true,
  },
  {
    name: 'a slow-loris in the body: a byte now and then',
    async say(connection, { path, fields }) {
      await connection.say(
        uploadHead(path, 'Content-Length: 4096'),
        bytes(fields, part(FILE_PART, '').slice(0, 2)),
      )
      while (!connection.hasHeard() && !connection.socket.destroyed) {
        await connection.say('x').catch(() => undefined)
        await Promise.race([connection.heard(), new Promise(resolve => setTimeout(resolve, 20))])
      }
    },
    answer: TIMEOUT,
    slow: true,
  },

  {
    name: '10,000 parts',
    say: whole(
      many(10_000, at => file(`${at}.log`)),
      END,
    ),
    answer: [413, 'too-many-files'],
  },
  {
    name: '10,000 fields',
    say: whole(
      many(10_000, () => field('sha256', HASH)),
      file('a.log'),
      END,
    ),
    answer: [413, 'too-many-fields'],
  },
  {
    name: '10,000 parts that say nothing of themselves',
    say: whole(
      file('a.log'),
      many(10_000, () => part('X-Y: z')),
      END,
    ),
    answer: MALFORMED,
  },
  {
    name: 'a field of 10 MiB',
    say: whole(field('metadata', Buffer.alloc(10 * MIB, 'x')), file('a.log'), END),
    answer: [413, 'field-too-large'],
  },
  {
    name: 'a field that never ends',
    say: endless(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="sha256"\r\n\r\n`),
    answer: [413, 'field-too-large'],
  },
  {
    name: 'a hash of 16 KiB',
    say: whole(field('sha256', 'a'.repeat(16 * KIB)), file('a.log'), END),
    answer: INVALID,
  },
  {
    name: 'headers of a part of 64 KiB',
    say: whole(part(`${FILE_PART}\r\nX-Y: ${'z'.repeat(64 * KIB)}`), END),
    answer: MALFORMED,
  },
  {
    name: '10,000 headers of a part',
    say: whole(part(`${FILE_PART}${'\r\nX: y'.repeat(10_000)}`), END),
    answer: MALFORMED,
  },
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    '__proto__[polluted]',
    'constructor[prototype][polluted]',
    'metadata[polluted]',
    'files[]',
    'files[0]',
    'sha256[4294967294]',
    'sha256[',
    '',
    'x'.repeat(10_000),
  ].flatMap((name): Abuse[] => {
    const shown = name.length > 99 ? `10,000 times ${name[0]}` : JSON.stringify(name)
    return [
      {
        name: `a field named ${shown}`,
        say: whole(field(name, 'polluted'), file('a.log'), END),
        answer: INVALID,
      },
      { name: `a file field named ${shown}`, say: whole(file('a.log', 'x', name), END), answer: INVALID },
    ]
  }),
  {
    name: 'nested multipart, in the place of the files',
    say: whole(
      part(
        'Content-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=inner',
        '--inner\r\nContent-Disposition: file; filename="a.log"\r\n\r\nx\r\n--inner--',
      ),
      END,
    ),
    answer: INVALID,
  },
  {
    name: 'line ends in a field, for a header of ours',
    say: whole(field('sha256', `${HASH}\r\nSet-Cookie: a=b`), file('a.log'), END),
    answer: INVALID,
  },
  ...['gzip', 'br', 'aws-chunked', 'identity, gzip'].map(
    (encoding): Abuse => ({
      name: `a Content-Encoding: ${encoding}`,
      say: (connection, { path, fields }) => {
        const body = bytes(fields, file('a.log'), END)
        const head = uploadHead(path, `Content-Length: ${body.length}`, `Content-Encoding: ${encoding}`)
        return connection.say(head, body)
      },
      answer: [415, 'unsupported-media-type'],
    }),
  ),
]
