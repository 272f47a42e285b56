import { describe, expect, test } from 'vitest'
import { createClock } from '../../src/pipelines/log-analysis/formats/format.ts'
import { FormatFinder } from '../../src/pipelines/log-analysis/formats/registry.ts'

const NOW = Date.UTC(2024, 5, 15)

function read(line: string) {
  const finder = new FormatFinder(createClock(NOW))
  finder.weigh([line])
  const header = finder.find(line)
  return (
    header && [
      Number.isNaN(header.time) ? null : new Date(header.time).toISOString(),
      header.level,
      header.message,
    ]
  )
}

describe('headers', () => {
  test.for([
    ['2024-03-07T10:00:01Z INFO ready', '2024-03-07T10:00:01.000Z', 'info', 'ready'],
    ['2024-03-07T10:00:01.123456+02:00 ready', '2024-03-07T08:00:01.123Z', 'unknown', 'ready'],
    ['2024-03-07 10:00:01,250 - WARN  [pool-1:Store@765] - slow', '2024-03-07T10:00:01.250Z', 'warn', 'slow'],
    [
      '2024-03-07 10:00:01,250 - WARN  [Peer[myid=1]/[REDACTED:ipv4]:2181:Store@7] - slow',
      '2024-03-07T10:00:01.250Z',
      'warn',
      'slow',
    ],
    ['[2024-03-07 10:00:01] ERROR: no route', '2024-03-07T10:00:01.000Z', 'error', 'no route'],
    [
      '2024-03-07 10:00:01.500  INFO 4711 --- [main] c.e.App : Started in 3 s',
      '2024-03-07T10:00:01.500Z',
      'info',
      'Started in 3 s',
    ],
    [
      '2024-03-07 10:00:01.500 4711 INFO nova.compute.manager [-] Took 3 s',
      '2024-03-07T10:00:01.500Z',
      'info',
      'Took 3 s',
    ],
    [
      '2024-03-07 10:00:01, Info                  CBS    Loaded stack',
      '2024-03-07T10:00:01.000Z',
      'info',
      'Loaded stack',
    ],
    [
      '2024/03/07 10:00:01 [error] 12#34: *5 open() failed',
      '2024-03-07T10:00:01.000Z',
      'error',
      '12#34: *5 open() failed',
    ],
    [
      '17/06/09 20:10:40 INFO storage.BlockManager: Found block rdd_1',
      '2017-06-09T20:10:40.000Z',
      'info',
      'Found block rdd_1',
    ],
    [
      '081109 203615 148 INFO dfs.DataNode$PacketResponder: terminating',
      '2008-11-09T20:36:15.000Z',
      'info',
      'terminating',
    ],
    ['03-17 16:13:38.811  1702  2395 D WindowManager: print', '2024-03-17T16:13:38.811Z', 'debug', 'print'],
    [
      'Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass',
      '2024-06-14T15:16:01.000Z',
      'unknown',
      'check pass',
    ],
    ['Dec  9 06:55:46 lab sshd[24200]: error: no', '2023-12-09T06:55:46.000Z', 'error', 'error: no'],
    ['<11>Jun  1 00:00:00 host app: no', '2024-06-01T00:00:00.000Z', 'error', 'no'],
    [
      '<165>1 2024-03-07T10:00:01.5Z host app 12 ID47 [x@1 a="b"] started',
      '2024-03-07T10:00:01.500Z',
      'info',
      'started',
    ],
    [
      '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok',
      '2005-12-04T04:47:44.000Z',
      'info',
      'workerEnv.init() ok',
    ],
    [
      '[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 1:tid 2] [client [REDACTED:ipv4]:80] denied',
      '2005-12-04T04:47:44.123Z',
      'error',
      'denied',
    ],
    [
      '203.0.113.9 - bob [10/Oct/2023:13:55:36 -0700] "GET /x HTTP/1.1" 503 12 "-" "curl"',
      '2023-10-10T20:55:36.000Z',
      'error',
      '"GET /x HTTP/1.1" 503 12 "-" "curl"',
    ],
    [
      '[REDACTED:ipv4] - - [10/Oct/2023:13:55:36 +0000] "GET / HTTP/1.1" 200 -',
      '2023-10-10T13:55:36.000Z',
      'info',
      '"GET / HTTP/1.1" 200 -',
    ],
    [
      '{"time":"2024-03-07T10:00:01Z","level":"warn","msg":"slow"}',
      '2024-03-07T10:00:01.000Z',
      'warn',
      'slow',
    ],
    ['{"ts":1709805601.5,"severity":"ERROR","message":"no"}', '2024-03-07T10:00:01.500Z', 'error', 'no'],
    ['{"time":1709805601000,"level":50,"msg":"no"}', '2024-03-07T10:00:01.000Z', 'error', 'no'],
    ['1709805601.250 INFO up', '2024-03-07T10:00:01.250Z', 'info', 'up'],
    ['1709805601250 up', '2024-03-07T10:00:01.250Z', 'unknown', 'up'],
  ] as const)('%s', ([line, ...expected]) => {
    expect(read(line)).toEqual(expected)
  })

  test.for([
    'just words',
    '99/99/99 99:99:99 INFO no such day',
    '2024-13-07 10:00:01 INFO no such month',
    '12345 a number',
    '{"half": ',
    '    at com.example.A.b(A.java:1)',
  ])('no header: %s', line => {
    expect(read(line)).toBeNull()
  })

  test('a sentence is not cut at a word that also names a level', () => {
    expect(read('2024-03-07 10:00:01 Error while reading, warning the user')?.slice(1)).toEqual([
      'unknown',
      'Error while reading, warning the user',
    ])
    expect(read('2024-03-07 10:00:01 12 errors')?.slice(1)).toEqual(['unknown', '12 errors'])
    expect(read('2024-03-07 10:00:01 ERROR Failed: disk')?.slice(1)).toEqual(['error', 'Failed: disk'])
  })
})

test('a log without years goes on over New Year', () => {
  const clock = createClock(Date.UTC(2024, 1, 1))
  const finder = new FormatFinder(clock)
  const years = ['Dec 30 10:00:00 h a: x', 'Dec 31 23:59:59 h a: x', 'Jan  1 00:00:01 h a: x'].map(line =>
    new Date(finder.find(line)!.time).getUTCFullYear(),
  )
  expect(years).toEqual([2023, 2023, 2024])
})
