/** The scanner's contract on a real clamd, and on what only looks like one. */
import { errorMonitor } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { createClamd } from '../../src/scanner/clamd.ts'
import { ScannerError } from '../../src/scanner/scanner.ts'
import { read } from '../house/project.ts'
import { EICAR, SIGNATURE, type StandIn, startClamd, startStandIn, type TestClamd } from '../support/clamd.ts'
import { findClamd } from '../support/clamd-binary.ts'
import { freePort } from '../support/redis.ts'

const installed = await findClamd()
const MIB = 1024 * 1024
const never = new AbortController().signal

function bytes(...chunks: readonly (string | Buffer)[]): Readable {
  return Readable.from(chunks.map(chunk => Buffer.from(chunk as string)))
}

/** Zeros in pieces, and then, if wanted, something else. */
function zeros(size: number, tail = ''): Readable {
  return Readable.from(
    (function* () {
      for (let left = size; left > 0; left -= MIB) yield Buffer.alloc(Math.min(left, MIB))
      yield Buffer.from(tail)
    })(),
  )
}

/** An archive of one deflated member (PKWARE's APPNOTE, 4.3). */
function zip(name: string, content: string | Buffer): Buffer {
  const packed = deflateRawSync(content)
  // Version, flags, method, time and date; then what is known of the content.
  const about = Buffer.alloc(26)
  about.writeUInt16LE(20, 0)
  about.writeUInt16LE(8, 4)
  about.writeUInt32LE(crc32(content), 10)
  about.writeUInt32LE(packed.length, 14)
  about.writeUInt32LE(content.length, 18)
  about.writeUInt16LE(name.length, 22)
  const member = Buffer.concat([Buffer.from('PK\x03\x04'), about, Buffer.from(name), packed])
  const madeBy = Buffer.from('PK\x01\x02\x14\0')
  const entry = Buffer.concat([madeBy, about, Buffer.alloc(14), Buffer.from(name)])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(entry.length, 8)
  end.writeUInt32LE(member.length, 12)
  return Buffer.concat([member, entry, Buffer.from('PK\x05\x06'), end])
}

const failure = (code: string, message = '') =>
  expect.objectContaining({ name: 'ScannerError', code, message: expect.stringContaining(message) })

describe.skipIf(installed === null)('clamd', () => {
  let clamd: TestClamd
  beforeAll(async () => {
    clamd = await startClamd(installed!, {
      settings: { StreamMaxLength: '4M', MaxFileSize: '2M', AlertExceedsMax: 'yes' },
    })
  })
  afterAll(() => clamd?.stop())

  const scan = (source: Readable) => createClamd(clamd).scan(source, never)

  test('answers a PING', async () => {
    await createClamd(clamd).ping()
  })

  test.each<[string, Readable]>([
    ['a text', bytes('hello\n')],
    ['nothing at all', bytes()],
    ['empty pieces, which must not end the stream', bytes('a', '', 'b')],
    ['many pieces', zeros(MIB)],
  ])('finds %s clean', async (_, source) => {
    expect(await scan(source)).toEqual({ clean: true })
    expect(source.destroyed).toBe(true)
  })

  test.each<[string, () => Readable]>([
    ['as it is', () => bytes(EICAR)],
    ['across pieces', () => bytes(EICAR.slice(0, 30), EICAR.slice(30))],
    ['after an empty piece', () => bytes('', EICAR)],
    ['in gzip', () => bytes(gzipSync(EICAR))],
    ['in zip', () => bytes(zip('e.com', EICAR))],
    ['in gzip in zip', () => bytes(zip('e.gz', gzipSync(EICAR)))],
    ['behind a megabyte', () => zeros(MIB, EICAR)],
  ])('finds a virus, %s', async (_, source) => {
    expect(await scan(source())).toEqual({ clean: false, signature: SIGNATURE })
  })

  test('that takes no stream so long, and hangs up while it is sent, says which of its limits it is', async () => {
    await expect(scan(zeros(64 * MIB))).rejects.toMatchObject({ code: 'limit', limit: 'StreamMaxLength' })
  })

  test('that hangs up while it is sent is heard out, though the bytes come faster than anybody listens', async () => {
    const source = Readable.from(
      (function* () {
        for (let piece = 0; piece < 12; piece++) {
          yield Buffer.alloc(MIB)
          // Nothing is read meanwhile, so that the next write fails before the answer has been heard.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
        }
      })(),
    )
    await expect(scan(source)).rejects.toMatchObject({ code: 'limit', limit: 'StreamMaxLength' })
  })

  test('that has not looked at the whole file has not passed it', async () => {
    await expect(scan(zeros(3 * MIB, EICAR))).rejects.toMatchObject({ code: 'limit', limit: 'MaxFileSize' })
  })

  test('says what it has not looked at, or is known not to', async () => {
    const lax = await startClamd(installed!)
    expect(await createClamd(clamd).tellsLimits()).toBe(true)
    expect(await createClamd(lax).tellsLimits()).toBe(false)
    await lax.stop()
    await expect(createClamd(lax).tellsLimits()).rejects.toEqual(failure('away'))
  })

  test('takes the settings that the composition gives it', async () => {
    const { configs } = parse(read('docker-compose.yml')) as { configs: { clamd: { content: string } } }
    const ofTheImage = /^(TCPSocket|LocalSocket|User|DatabaseDirectory) /
    const lines = configs.clamd.content.split('\n').filter(line => line !== '' && !ofTheImage.test(line))
    const composed = await startClamd(installed!, {
      settings: Object.fromEntries(lines.map(line => line.split(' ', 2) as [string, string])),
    })
    expect(await createClamd(composed).tellsLimits()).toBe(true)
    expect(await createClamd(composed).scan(zeros(120 * MIB, EICAR), never)).toEqual({
      clean: false,
      signature: SIGNATURE,
    })
    await composed.stop()
  })

  test('that is not there is away, under any spelling of its address', async () => {
    const port = await freePort()
    for (const host of ['127.0.0.1', 'localhost', 'no-such-host.invalid']) {
      const nobody = createClamd({ host, port })
      await expect(nobody.ping()).rejects.toEqual(failure('away', `${host}:${port} is away: `))
      const source = zeros(MIB)
      await expect(nobody.scan(source, never)).rejects.toMatchObject({
        code: 'away',
        message: expect.stringMatching(/is away: \S/),
      })
      expect(source.destroyed).toBe(true)
    }
  })

  test('whose source breaks off gives the source’s own error', async () => {
    const broken = new Error('the disk is gone')
    const source = Readable.from(
      (async function* () {
        yield Buffer.from('a')
        throw broken
      })(),
    )
    await expect(scan(source)).rejects.toBe(broken)
  })
})

describe('a scanner that misbehaves', () => {
  const standIns: StandIn[] = []
  afterEach(async () => {
    for (const each of standIns.splice(0)) await each.close()
  })
  const standIn = async (serve: (socket: Socket) => void) => {
    const started = await startStandIn(serve)
    standIns.push(started)
    return started
  }

  test.each<[string, (socket: Socket) => void, string]>([
    ['hangs up at once', socket => socket.destroy(), 'away'],
    ['hangs up in the middle', socket => socket.once('data', () => socket.resetAndDestroy()), 'away'],
    ['hangs up in the middle of its answer', socket => socket.end('stream: O'), 'away'],
    ['answers with an error', socket => socket.end('Can’t allocate memory ERROR\0'), 'refused'],
    ['judges before it has seen the file', socket => socket.write('stream: OK\0'), 'refused'],
    ['speaks something else', socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n\0'), 'refused'],
    ['floods', socket => socket.write('x'.repeat(MIB)), 'away'],
  ])('and %s has given no verdict', async (_, serve, code) => {
    const clamd = createClamd(await standIn(serve))
    await expect(clamd.scan(zeros(8 * MIB), never)).rejects.toEqual(failure(code))
    await expect(clamd.ping()).rejects.toBeInstanceOf(ScannerError)
  })

  test('and says nothing is away after a while, whether it takes the bytes or not', async () => {
    const taking = await standIn(socket => socket.resume())
    const notTaking = await standIn(socket => socket.pause())
    for (const address of [taking, notTaking]) {
      const clamd = createClamd({ ...address, silenceMs: 200 })
      await expect(clamd.scan(zeros(32 * MIB), never)).rejects.toEqual(
        failure('away', 'said nothing for 0.2 s'),
      )
    }
  })

  test('is left at once when the scan is no longer wanted', async () => {
    const hungUp = Promise.withResolvers<void>()
    const clamd = createClamd(
      await standIn(socket => {
        socket.on('data', () => stop.abort(reason))
        socket.on('close', () => hungUp.resolve())
      }),
    )
    const stop = new AbortController()
    const reason = new Error('not wanted')
    const source = zeros(64 * MIB)
    await expect(clamd.scan(source, stop.signal)).rejects.toBe(reason)
    await hungUp.promise
    expect(source.destroyed).toBe(true)
    await expect(clamd.scan(bytes('x'), stop.signal)).rejects.toBe(reason)
  })

  test('is left, too, while it is still being connected to: a scan that is cancelled then harms nobody else', async () => {
    const clamd = createClamd(await standIn(socket => socket.resume()))
    const stop = new AbortController()
    const [source, reason] = [bytes('x'), new Error('not wanted')]
    const failed = vi.fn()
    source.on(errorMonitor, () => failed(source.listenerCount('error')))
    const scanning = clamd.scan(source, stop.signal)
    stop.abort(reason)
    await expect(scanning).rejects.toBe(reason)
    // An error that nobody listens to ends the process.
    expect(failed).toHaveBeenCalledExactlyOnceWith(1)
  })

  test('is asked for its limits once at a time, however many want to know', async () => {
    let asked = 0
    const clamd = createClamd(
      await standIn(socket => {
        asked++
        socket.destroy()
      }),
    )
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => clamd.tellsLimits()))
    expect(answers).toEqual(answers.map(() => ({ status: 'rejected', reason: failure('away') })))
    expect(asked).toBe(1)
    await expect(clamd.tellsLimits()).rejects.toEqual(failure('away'))
    expect(asked).toBe(2)
  })

  test('is told the length of each piece, and the end', async () => {
    const heard = Promise.withResolvers<Buffer>()
    const address = await standIn(socket => {
      socket.once('data', () => {})
      void buffer(socket).then(heard.resolve)
    })
    const scan = createClamd({ ...address, silenceMs: 200 }).scan(bytes('abc', 'de'), never)
    await expect(scan).rejects.toBeInstanceOf(ScannerError)
    expect((await heard.promise).toString('latin1')).toBe('zINSTREAM\0\0\0\0\x03abc\0\0\0\x02de\0\0\0\0')
  })
})
