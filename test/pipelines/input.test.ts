import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type IngestedText, openRawText } from '../../src/pipelines/log-analysis/handover.ts'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import { type JobOptions, StageJob } from '../support/stage-context.ts'

/** What ingestion makes of a file's bytes: its text as UTF-8, and what it notes about the file. */
async function ingested(bytes: Uint8Array | string, options: JobOptions = {}) {
  const job = new StageJob([{ name: 'app.log', bytes }], options)
  await job.run(logAnalysis, 'ingestion')
  const [file] = JSON.parse(job.intermediates.get('ingestion.json')!.toString()) as [IngestedText]
  const text = await openRawText(job.context('redaction'), file)
  return { text: Buffer.concat(await text.toArray()).toString(), file }
}

const LINES = Array.from(
  { length: 500 },
  (_, n) => `2024-03-07 10:00:${String(n % 60).padStart(2, '0')} INFO größer als ${n * 7919} – 🥊`,
).join('\r\n')

function utf16(text: string, order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}

describe('UTF-16', () => {
  test.for(['le', 'be'] as const)(
    '%s is read with a mark and without, in chunks of any size',
    async order => {
      for (const mark of ['\ufeff', '']) {
        for (const chunkSize of [1, 7, 64 * 1024]) {
          const { text, file } = await ingested(utf16(mark + LINES, order), { chunkSize })
          expect(text).toBe(LINES)
          expect(file).toMatchObject({
            encoding: `utf-16${order}`,
            lines: 500,
            entries: 500,
            levels: { info: 500 },
          })
        }
      }
    },
  )

  test('characters across the seams of blocks stay whole', async () => {
    const long = `2024-03-07 10:00:00 INFO x${'🥊'.repeat(200_000)}\n`
    for (const order of ['le', 'be'] as const) {
      const { text, file } = await ingested(utf16(`\ufeff${long}`, order))
      expect(text).toBe(long)
      expect(file.textSize).toBe(Buffer.byteLength(long))
    }
  })

  test('half a character, and half a pair, become U+FFFD', async () => {
    const bytes = Buffer.concat([utf16('\ufeffa\ud800b\n', 'le'), Buffer.from([0x61])])
    expect((await ingested(bytes)).text).toBe('a\ufffdb\n\ufffd')
  })

  test('a text in letters that are not Latin is told by its times', async () => {
    const line = '2024-03-07 10:00:00 ОШИБКА Связь потеряна, повтор\n'
    const { text, file } = await ingested(utf16(line.repeat(20), 'le'))
    expect(text).toBe(line.repeat(20))
    expect(file.encoding).toBe('utf-16le')
  })
})

describe('one byte a character', () => {
  test('is Latin-1 where its bytes are no UTF-8', async () => {
    const line = '2024-03-07 10:00:00 ERROR Größe überschritten in Zürich\n'
    const { text, file } = await ingested(Buffer.from(line.repeat(3), 'latin1'), { chunkSize: 5 })
    expect(text).toBe(line.repeat(3))
    expect(file).toMatchObject({ encoding: 'iso-8859-1', lines: 3, levels: { error: 3 } })
  })

  test('is Windows-1252 where it holds characters that only that has', async () => {
    const { text, file } = await ingested(Buffer.from('Preis: 5 \x80 \x96 g\xfcnstig\n', 'latin1'))
    expect(text).toBe('Preis: 5 € – günstig\n')
    expect(file.encoding).toBe('windows-1252')
  })

  test('is told apart however much plain ASCII comes first', async () => {
    const plain = 'plain\n'.repeat(100_000)
    const { text, file } = await ingested(Buffer.from(`${plain}Größe\n`, 'latin1'))
    expect(text).toBe(`${plain}Größe\n`)
    expect(file.encoding).toBe('iso-8859-1')
  })
})

describe('UTF-8 that is broken in places', () => {
  test('stays UTF-8: what is broken becomes U+FFFD, every line stays', async () => {
    const good = 'größer als – 🥊\n'
    const bytes = Buffer.concat([
      Buffer.from(good.repeat(50)),
      Buffer.from([0x61, 0xc3, 0x28, 0xff, 0x0a]),
      Buffer.from(good),
    ])
    const { text, file } = await ingested(bytes, { chunkSize: 11 })
    expect(text).toBe(`${good.repeat(50)}a\ufffd(\ufffd\n${good}`)
    expect(file).toMatchObject({ encoding: 'utf-8', lines: 52 })
  })

  test('is UTF-8 by all of its evidence, though a broken byte comes long before the first good character', async () => {
    const head = Buffer.concat([Buffer.from('plain\n'.repeat(100_000)), Buffer.from([0xff, 0x0a])])
    const tail = 'größer als – 🥊\n'.repeat(40_000)
    const { text, file } = await ingested(Buffer.concat([head, Buffer.from(tail)]))
    expect(text.endsWith(tail.slice(-100_000))).toBe(true)
    expect(file.encoding).toBe('utf-8')
  })

  test('half a character at the end of a file is replaced; at the end of a cut gzip it is left out', async () => {
    expect((await ingested(Buffer.from([0x61, 0xe2, 0x82]))).text).toBe('a\ufffd')
    const cut = gzipSync(Buffer.from([0x61, 0xe2, 0x82])).subarray(0, -4)
    expect(await ingested(cut)).toMatchObject({ text: 'a', file: { truncated: true, encoding: 'utf-8' } })
  })
})

describe('compression', () => {
  test('zstd gives the same text as the plain file, in chunks of any size', async () => {
    const big = Array.from({ length: 300_000 }, (_, n) => `line ${(n * 7919) % 10_007}\n`).join('')
    for (const chunkSize of [1_000, 64 * 1024]) {
      const { text, file } = await ingested(zstdCompressSync(big), { chunkSize })
      expect(text).toBe(big)
      expect(file).toMatchObject({ compression: 'zstd', truncated: false, encoding: 'utf-8' })
    }
  })

  test('several frames of zstd are one text, with and without checksums, skippable ones among them', async () => {
    const params = { [constants.ZSTD_c_checksumFlag]: 1 }
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    const frames = Buffer.concat([
      zstdCompressSync('one\n'),
      skippable,
      zstdCompressSync('two\n', { params }),
      zstdCompressSync(''),
      zstdCompressSync('x'.repeat(300_000)),
      zstdCompressSync('three\n'),
    ])
    for (const chunkSize of [1, 5, 4096]) {
      const { text, file } = await ingested(frames, { chunkSize })
      expect(text).toBe(`one\ntwo\n${'x'.repeat(300_000)}three\n`)
      expect(file.truncated).toBe(false)
    }
  })

  test('of a zstd that breaks off, or is followed by something else, what can be read is read', async () => {
    const big = Array.from({ length: 40_000 }, (_, n) => `line ${(n * 7919) % 10_007}\n`).join('')
    const whole = zstdCompressSync(big)
    for (const bytes of [
      whole.subarray(0, whole.length - 10),
      Buffer.concat([whole, Buffer.from('no frame')]),
    ]) {
      const { text, file } = await ingested(bytes)
      expect(file.truncated).toBe(true)
      expect(big.startsWith(text)).toBe(true)
      expect(text.length).toBeGreaterThan(big.length / 3)
    }
  })

  test.for([
    ['gzip+gzip', gzipSync(gzipSync(LINES))],
    ['gzip+zstd', gzipSync(zstdCompressSync(LINES))],
    ['zstd+gzip+gzip', zstdCompressSync(gzipSync(gzipSync(LINES)))],
  ] as const)('%s is unpacked layer by layer', async ([compression, bytes]) => {
    const { text, file } = await ingested(bytes, { chunkSize: 100 })
    expect(text).toBe(LINES)
    expect(file).toMatchObject({ compression, truncated: false })
  })

  test('a layer more than allowed is refused, naming file and setting; as many as allowed are not', async () => {
    const twice = gzipSync(gzipSync(LINES))
    expect((await ingested(twice, { archive: { depth: 2 } })).text).toBe(LINES)
    for (const depth of [0, 1]) {
      const failure = await ingested(twice, { archive: { depth } }).catch(error => error)
      expect(failure).toMatchObject({ code: 'archive-limit', fileId: 'f1' })
      expect(failure.message).toMatch(/^"app.log" .*SLUICE_ARCHIVE_DEPTH/)
    }
  })

  test('an inner layer that breaks off counts as truncated', async () => {
    const inner = gzipSync(LINES)
    const { text, file } = await ingested(gzipSync(inner.subarray(0, inner.length - 20)))
    expect(file.truncated).toBe(true)
    expect(LINES.startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(1_000)
  })

  test('a small file that repeats itself is no bomb', async () => {
    const line = '2024-03-07 10:00:00 INFO the same again\n'
    const { file } = await ingested(gzipSync(line.repeat(50_000)))
    expect(file.lines).toBe(50_000)
  })

  test.for([
    ['gzip', gzipSync(Buffer.alloc(20 * 2 ** 20))],
    ['zstd', zstdCompressSync(Buffer.alloc(20 * 2 ** 20, 'a'))],
    ['gzip in gzip', gzipSync(gzipSync(Buffer.alloc(20 * 2 ** 20, '\n')))],
  ] as const)('a bomb in %s is called one, whatever it is filled with', async ([, bytes]) => {
    const failure = await ingested(bytes).catch(error => error)
    expect(failure).toMatchObject({ code: 'archive-limit', fileId: 'f1' })
    expect(failure.message).toContain('SLUICE_ARCHIVE_RATIO')
  })
})

describe('what is kept of a text', () => {
  test.for([
    ['nothing, where the upload is it', Buffer.from(LINES), true],
    ['UTF-8, of a text with a mark', Buffer.from(`\ufeff${LINES}`), false],
    ['UTF-8, of what was packed', gzipSync(LINES), false],
    ['UTF-8, of Latin-1', Buffer.from('größer\n', 'latin1'), false],
    [
      'UTF-8, of a text whose last byte is broken',
      Buffer.concat([Buffer.from(LINES), Buffer.from([0xc3])]),
      false,
    ],
  ] as const)('%s', async ([, bytes, verbatim]) => {
    const job = new StageJob([{ name: 'app.log', bytes }])
    await job.run(logAnalysis, 'ingestion')
    expect(job.intermediates.has('text-1')).toBe(!verbatim)
    expect((await ingested(bytes)).file.verbatim).toBe(verbatim)
  })
})
