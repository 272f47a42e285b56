/** Archives that lie, break off or explode: each job ends in the same way each time, and names the member. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import type { ReportJson } from '../../src/pipelines/log-analysis/report-json.ts'
import { paxMember, tar, tarMember, zip, zipped } from '../support/archives.ts'
import { type JobOptions, StageJob } from '../support/stage-context.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const MIB = 2 ** 20
const LOG = '2024-03-07 10:00:00 INFO up\n'.repeat(200)
/** As random as it need be, so that it stays as long as it is when packed. */
const NOISY_LOG = Array.from({ length: 2_000 }, (_, n) => `line ${(n * 7_919_717) % 1_000_003}\n`).join('')

/** Only ingestion meets archives. */
async function outcome(bytes: Uint8Array, options: JobOptions = {}, name = 'a.zip') {
  const job = new StageJob([{ name, bytes }], options)
  const failure = await job.run(logAnalysis, 'ingestion').then(
    () => null,
    error => error,
  )
  return { job, failure }
}

async function refused(bytes: Uint8Array, code: string, options: JobOptions = {}, name = 'a.zip') {
  const { job, failure } = await outcome(bytes, options, name)
  expect(failure).toMatchObject({ name: 'StageError', code, fileId: 'f1' })
  expect(job.artifacts).toEqual([])
  return failure.message as string
}

describe('a limit that is met names the member and the setting', () => {
  const ten = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}.log`, LOG]))
  const tenInTar = tar(Object.entries(ten).map(([name, bytes]) => ({ name, bytes })))

  test('members: as many as allowed are read, one more is not, whatever they are in', async () => {
    const nested = tar([
      { name: 'first.log', bytes: LOG },
      { name: 'more.zip', bytes: await zipped(ten) },
    ])
    for (const [bytes, members, at] of [
      [await zipped(ten), 10, '9.log'],
      [tenInTar, 10, '9.log'],
      [nested, 12, 'more.zip/9.log'],
    ] as const) {
      expect((await outcome(bytes, { archive: { members } })).failure).toBeNull()
      expect(await refused(bytes, 'archive-limit', { archive: { members: members - 1 } })).toBe(
        `"a.zip/${at}" is one more than the ${members - 1} members that an archive may have; SLUICE_ARCHIVE_MEMBERS sets that limit.`,
      )
    }
  })

  test('folders and links do not count as members, but they are not read without end', async () => {
    const folders = Array.from({ length: 12 }, (_, n) => ({ name: `${n}/`, type: '5' }))
    const files = Array.from({ length: 12 }, (_, n) => ({ name: `${n}/a.log`, bytes: LOG }))
    expect((await outcome(tar([...folders, ...files]), { archive: { members: 12 } })).failure).toBeNull()
    expect(await refused(tar(folders), 'archive-limit', { archive: { members: 11 } })).toMatch(
      /^"a\.zip\/11" .*SLUICE_ARCHIVE_MEMBERS/,
    )
  })

  test('size: of all members together', async () => {
    for (const bytes of [await zipped(ten), tenInTar, gzipSync(tenInTar)]) {
      // Of a tar in gzip the headers come out, too.
      const all = bytes[0] === 0x1f ? tenInTar.length : LOG.length * 10
      expect((await outcome(bytes, { archive: { size: all } })).failure).toBeNull()
      const message = await refused(bytes, 'archive-limit', { archive: { size: all - 1 } })
      expect(message).toMatch(
        new RegExp(
          `^"a\\.zip(/9\\.log)?" .*unpacks to (above|more than) ${all - 1} bytes(, behind its member "a\\.zip/9\\.log")?; SLUICE_ARCHIVE_SIZE sets that limit\\.$`,
        ),
      )
    }
  })

  test('ratio: of all members together, over the upload', async () => {
    const half = 'all work and no play\n'.repeat(150_000)
    const bytes = await zipped({ 'a.log': half, 'b.log': half })
    expect(await refused(bytes, 'archive-limit')).toBe(
      '"a.zip/b.log" brings what "a.zip" unpacks to above 200 times its size; SLUICE_ARCHIVE_RATIO sets that limit.',
    )
    expect((await outcome(bytes, { archive: { ratio: 2_000 } })).failure).toBeNull()
  })

  test('ratio: of one member by itself, however much there is beside it', async () => {
    const beside = Array.from({ length: 300_000 }, (_, n) => `${(n * 7_919_717) % 1_000_003}\n`).join('')
    const bytes = await zipped({ 'a.log': beside, 'b.log': 'all work and no play\n'.repeat(400_000) })
    expect(await refused(bytes, 'archive-limit')).toBe(
      '"a.zip/b.log" unpacks to more than 200 times its size; SLUICE_ARCHIVE_RATIO sets that limit.',
    )
  })

  test('depth: archives and compressions count alike', async () => {
    const gz = gzipSync(LOG)
    const inTar = tar([{ name: 'app.log.gz', bytes: gz }])
    const tgz = gzipSync(inTar)
    const inZip = await zipped({ 'x.tgz': tgz })
    for (const [bytes, layers, at] of [
      [inTar, 2, 'a.zip/app.log.gz'],
      [tgz, 3, 'a.zip/app.log.gz'],
      [inZip, 4, 'a.zip/x.tgz/app.log.gz'],
    ] as const) {
      expect((await outcome(bytes, { archive: { depth: layers } })).failure).toBeNull()
      expect(await refused(bytes, 'archive-limit', { archive: { depth: layers - 1 } })).toBe(
        `"${at}" is packed more than ${layers - 1} times over; SLUICE_ARCHIVE_DEPTH sets that limit.`,
      )
    }
    expect(await refused(inZip, 'archive-limit', { archive: { depth: 0 } })).toMatch(/^"a\.zip" .*_DEPTH/)
  })
})

describe('bombs are called that, and cost no memory', () => {
  /** Bytes above what there was before, at the worst moment; looked at whenever the stage tells of itself. */
  async function peakOf(bytes: Uint8Array, options: JobOptions = {}) {
    const job = new StageJob([{ name: 'bomb.zip', bytes }], options)
    const context = job.context('ingestion')
    const held = () => {
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const before = held()
    let peak = 0
    let calls = 0
    const watched = {
      ...context,
      progress: () => {
        if (calls++ % 20 === 0) peak = Math.max(peak, held() - before)
      },
      // Nothing is kept, or the test would hold what the stage does not.
      writeIntermediate: async (name: string, source: AsyncIterable<Uint8Array | string>) => {
        if (name.startsWith('archive')) await context.writeIntermediate(name, source)
        else for await (const _ of source) watched.progress()
      },
    }
    const failure = await logAnalysis.stages[0]!.run(watched).then(
      () => null,
      error => error,
    )
    return { peak, failure }
  }

  const zeros = gzipSync(Buffer.alloc(256 * MIB), { level: 1 })
  const lines = Buffer.alloc(256 * MIB, '2024-03-07 10:00:00 INFO all work and no play\n')

  test.for([
    ['a zip of zeros', () => zip([{ name: 'x.log', bytes: Buffer.alloc(256 * MIB) }]), 'RATIO'],
    ['a zip of log lines', () => zip([{ name: 'x.log', bytes: lines }]), 'RATIO'],
    ['a tar.gz of zeros', () => gzipSync(tar([{ name: 'x.log', bytes: Buffer.alloc(256 * MIB) }])), 'RATIO'],
    ['a tar.zst of log lines', () => zstdCompressSync(tar([{ name: 'x.log', bytes: lines }])), 'RATIO'],
    ['a gzip in a tar', () => tar([{ name: 'x.log', bytes: zeros }]), 'RATIO'],
    [
      'a zip in a zip',
      () => zip([{ name: 'x.log', bytes: zip([{ name: 'y.log', bytes: lines }]) }]),
      'RATIO',
    ],
    [
      'what follows the end of a tar',
      () => gzipSync(Buffer.concat([tar([{ name: 'x.log', bytes: LOG }]), Buffer.alloc(256 * MIB)])),
      'RATIO',
    ],
    [
      'what no file is, a quarter of a gigabyte of it',
      () => gzipSync(tar([{ name: 'x.log', type: 'V', bytes: Buffer.alloc(256 * MIB) }])),
      'RATIO',
    ],
    [
      'log lines, where only the size is limited',
      () => zip([{ name: 'x.log', bytes: lines }]),
      'SIZE',
      { archive: { ratio: 1_000_000, size: 64 * MIB } },
    ],
  ] as [string, () => Buffer, string, JobOptions?][])('%s', async ([, make, limit, options]) => {
    const { peak, failure } = await peakOf(make(), options)
    expect(failure).toMatchObject({ code: 'archive-limit', fileId: 'f1' })
    expect(failure.message).toMatch(
      new RegExp(`^"bomb\\.zip(/x\\.log(/y\\.log)?)?" .*"?; SLUICE_ARCHIVE_${limit} `),
    )
    if (!failure.message.includes('x.log')) throw new Error(`names no member: ${failure.message}`)
    expect(peak).toBeLessThan(64 * MIB)
  })

  test('an archive of itself, and a zip within a zip within a zip', async () => {
    let bytes = zip([{ name: 'x.log', bytes: LOG }])
    for (let n = 0; n < 20; n++) bytes = zip([{ name: 'x.zip', bytes, method: n % 2 === 0 ? 0 : 8 }])
    expect(await refused(bytes, 'archive-limit')).toBe(
      '"a.zip/x.zip/x.zip/x.zip" is packed more than 3 times over; SLUICE_ARCHIVE_DEPTH sets that limit.',
    )
  })

  test('sixty thousand names: the count ends it, and nothing was held for them', async () => {
    const bytes = zip(Array.from({ length: 60_000 }, (_, n) => ({ name: `${n}.log`, method: 0 })))
    const { peak, failure } = await peakOf(bytes)
    expect(failure).toMatchObject({ code: 'archive-limit' })
    expect(failure.message).toMatch(/^"bomb\.zip\/10000\.log" .*SLUICE_ARCHIVE_MEMBERS/)
    expect(peak).toBeLessThan(96 * MIB)
  })

  test('names of a megabyte each are cut, and longer ones are no names', async () => {
    const name = 'a/'.repeat(500_000)
    const many = Buffer.concat([
      ...Array.from({ length: 20 }, () =>
        Buffer.concat([paxMember({ path: `${name}b.log` }), tarMember({ name: 'x', bytes: LOG })]),
      ),
      Buffer.alloc(1024),
    ])
    const { job, failure } = await outcome(many)
    expect(failure).toBeNull()
    expect(job.intermediates.get('ingestion.json')!.length).toBeLessThan(100_000)
    const longer = Buffer.concat([
      paxMember({ path: `${name}${name}b.log` }),
      tar([{ name: 'x', bytes: LOG }]),
    ])
    expect(await refused(longer, 'unsupported-content')).toContain('a header that is too long')
  })
})

describe('an archive that lies is refused, naming the member and what is wrong', () => {
  const good = { name: 'good.log', bytes: LOG }

  test.for([
    [
      'its bytes are fewer than both say',
      { says: { size: LOG.length + 1 }, header: { size: LOG.length + 1 } },
      'breaks off',
    ],
    [
      'its own header says another size',
      { says: { size: LOG.length - 1 } },
      'is another file by the directory',
    ],
    [
      'its bytes are more than both say',
      { says: { size: 5 }, header: { size: 5 } },
      'is longer than its archive says',
    ],
    ['its check sum is another', { flags: 1 << 3, says: { crc: 1 } }, 'check sum'],
    ['it has another name', { header: { name: 'else.log' } }, 'is another file by the directory'],
    ['it is packed in another way', { header: { method: 0 } }, 'is another file by the directory'],
    ['it is encrypted', { flags: 1 }, 'is encrypted'],
    ['it is stored, and its size is not', { method: 0, says: { size: 9 }, header: { size: 9 } }, 'is longer'],
    ['it is stored and encrypted', { method: 0, flags: 1 }, 'is encrypted'],
    ['it is packed in LZMA', { method: 14 }, 'is compressed by method 14'],
    ['it ends early', { packed: zip([good]).subarray(40, 60) }, 'breaks off'],
    ['it is no deflated data', { packed: Buffer.alloc(50, 0xff) }, 'breaks off'],
    ['it begins nowhere', { says: { at: 5_000_000 } }, 'has a directory that is damaged'],
    ['it begins within another', { says: { at: 3 } }, 'has a directory that is damaged'],
    [
      'it is another once more',
      { says: { at: 0, name: 'good.log' }, header: { name: 'good.log' } },
      'shares bytes',
    ],
  ] as const)('a member of a zip: %s', async ([, lie, what]) => {
    const message = await refused(zip([good, { name: 'bad.log', bytes: LOG, ...lie }]), 'unsupported-content')
    expect(message).toMatch(/^"a\.zip\/(bad|good)\.log" cannot be unpacked: it /)
    expect(message).toContain(what)
  })

  test.for([
    ['holds fewer members than it says', { count: 3 }, 'has a directory that is damaged'],
    ['holds more members than it says', { count: 1 }, 'holds more members than it says'],
    ['is elsewhere', { directoryAt: 7 }, 'has a directory that is damaged'],
    ['is behind the end', { directoryAt: 5_000_000 }, 'has a directory that is damaged'],
  ] as const)('a zip whose directory %s', async ([, says, what]) => {
    const message = await refused(zip([good, { name: 'b.log', bytes: LOG }], says), 'unsupported-content')
    expect(message).toMatch(/^"a\.zip" cannot be unpacked: it /)
    expect(message).toContain(what)
  })

  test('members that share their bytes, as in a bomb without layers', async () => {
    const bytes = zip([
      { name: 'c.log', bytes: LOG },
      { name: 'unseen.log', bytes: LOG, says: { at: 0, name: 'c.log' } },
    ])
    expect(await refused(bytes, 'unsupported-content')).toBe(
      '"a.zip/c.log" cannot be unpacked: it shares bytes with another member or the directory.',
    )
  })

  test('a tar with a header whose check sum is wrong, behind the last good member', async () => {
    const broken = tar([good, { name: 'bad.log', bytes: LOG }])
    broken[tarMember(good).length + 3] = 0x7f
    expect(await refused(broken, 'unsupported-content', {}, 'a.tar')).toBe(
      '"a.tar" cannot be unpacked: it has a header whose check sum is wrong, behind its member "a.tar/good.log".',
    )
  })

  test.for([
    ['more bytes than there are', tar([good, { name: 'bad.log', bytes: LOG, size: 1_000_000 }])],
    ['a member of a broken size', tar([good, { name: 'bad.log', bytes: LOG, size: 77_777_777_777 }])],
    ['no end', Buffer.concat([tarMember(good), tarMember({ name: 'bad.log', bytes: LOG })])],
  ] as const)('a tar of %s', async ([, bytes]) => {
    expect(await refused(bytes, 'unsupported-content', {}, 'a.tar')).toMatch(
      /^"a\.tar(\/bad\.log)?" cannot be unpacked: it breaks off(, behind its member "a\.tar\/bad\.log")?\.$/,
    )
  })

  test.for(['GNU.sparse.major', 'S'] as const)('a sparse file, told by %s', async how => {
    const bytes =
      how === 'S'
        ? tar([{ name: 'bad.log', type: 'S', bytes: LOG }])
        : Buffer.concat([paxMember({ [how]: '1' }), tar([{ name: 'bad.log', bytes: LOG }])])
    expect(await refused(bytes, 'unsupported-content')).toBe(
      '"a.zip/bad.log" cannot be unpacked: it is a sparse file, which is not read.',
    )
  })

  test('tars put one behind the other, of which only the first would be read', async () => {
    const first = tar([good])
    const another = tar([{ name: 'lost.log', bytes: LOG }])
    const sentence = `"a.tar" cannot be unpacked: it is followed by another archive, behind its member "a.tar/good.log".`
    for (const bytes of [
      Buffer.concat([first, another]),
      Buffer.concat([first, Buffer.alloc(10_240), another]),
      Buffer.concat([gzipSync(first), gzipSync(another)]),
    ]) {
      expect(await refused(bytes, 'unsupported-content', {}, 'a.tar')).toBe(sentence)
    }
    const padded = Buffer.concat([first, Buffer.alloc(10_240, LOG)])
    expect((await outcome(padded, {}, 'a.tar')).failure).toBeNull()
  })

  test('a tar in a gzip that breaks off, be it behind its last member', async () => {
    const whole = gzipSync(tar([{ name: 'a.log', bytes: NOISY_LOG }]))
    expect((await outcome(whole)).failure).toBeNull()
    for (const cut of [whole.length - 1, whole.length - 9])
      expect(await refused(whole.subarray(0, cut), 'unsupported-content')).toBe(
        '"a.zip" cannot be unpacked: it is in gzip that breaks off or is damaged.',
      )
    expect(await refused(whole.subarray(0, whole.length / 2), 'unsupported-content')).toBe(
      '"a.zip/a.log" cannot be unpacked: it breaks off.',
    )
  })

  test('a member that is no text fails the job as a file of its own would, and none of it is told', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
    for (const bytes of [
      await zipped({ 'good.log': LOG, 'shots/screen.png': png }),
      tar([good, { name: 'shots/screen.png', bytes: png }]),
    ])
      expect(await refused(bytes, 'unsupported-content')).toBe(
        '"a.zip/shots/screen.png" is not a text log, plain or in gzip, zstd, zip or tar: it holds a NUL byte.',
      )
  })

  test.for([
    ['a zip without members', zip([])],
    ['a zip of nothing but a folder', zip([{ name: 'logs/' }])],
    ['a tar of nothing but a link', tar([{ name: 'a', type: '2', linkTo: '/etc/passwd' }])],
  ] as const)('%s holds no file', async ([, bytes]) => {
    expect(await refused(bytes, 'unsupported-content')).toBe(
      '"a.zip" is not a text log, plain or in gzip, zstd, zip or tar: it holds no file.',
    )
  })
})

describe('wherever it is cut', () => {
  const members = [
    { name: 'a.log', bytes: 'one\ntwo\n' },
    { name: 'b/c.log', bytes: 'three\n' },
  ]
  const small = zip(members)

  test('a zip is refused, or is a text as short as its signature', async () => {
    for (let cut = 0; cut < small.length; cut++) {
      const { failure } = await outcome(small.subarray(0, cut))
      if (cut < 4) expect(failure).toBeNull()
      else expect(failure).toMatchObject({ name: 'StageError', code: 'unsupported-content' })
    }
  })

  test('a tar is refused, but within the padding behind its end', async () => {
    const bytes = tar(members)
    const end = bytes.length - 512
    for (let cut = 6; cut < bytes.length; cut++) {
      const { failure } = await outcome(bytes.subarray(0, cut))
      if (cut >= end) expect(failure).toBeNull()
      else expect(failure).toMatchObject({ name: 'StageError', code: 'unsupported-content' })
    }
  })

  test('a tar.gz is refused', async () => {
    const bytes = gzipSync(tar(members))
    for (let cut = 3; cut < bytes.length; cut++) {
      const { failure } = await outcome(bytes.subarray(0, cut))
      expect(failure === null || failure.code === 'unsupported-content').toBe(true)
      // Before, what is unpacked may be as short as a name, and that is a text.
      if (cut > bytes.length / 2) expect(failure).not.toBeNull()
    }
  })
})

test('whichever bit of an archive is turned, the job ends with a report or with a code', async () => {
  const members = [
    { name: 'a.log', bytes: NOISY_LOG.slice(0, 300) },
    { name: 'b/c.log', bytes: LOG.slice(0, 300) },
  ]
  const codes = new Set(['unsupported-content', 'archive-limit'])
  for (const whole of [zip(members), zip(members.map(each => ({ ...each, method: 0 }))), tar(members)]) {
    for (let at = 0; at < whole.length; at++) {
      const turned = Buffer.from(whole)
      turned[at]! ^= 1 << (at % 8)
      const { job, failure } = await outcome(turned)
      if (failure) expect(codes).toContain(failure.code)
      else expect(job.intermediates.has('ingestion.json')).toBe(true)
    }
  }
})

test('after all that a good archive is read', async () => {
  const job = new StageJob([{ name: 'a.zip', bytes: await zipped({ 'a.log': LOG }) }])
  await job.run(logAnalysis)
  expect(job.json<ReportJson>('report.json').totals).toMatchObject({ files: 1, lines: 200 })
})
