import { describe, expect, test } from 'vitest'
import { createClock } from '../../src/pipelines/log-analysis/formats/format.ts'
import { FormatFinder } from '../../src/pipelines/log-analysis/formats/registry.ts'

const NOW = Date.UTC(2024, 5, 15)

/** Time, level and message of a file's only line. */
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

/** Each as the program writes it, with what is to be read from it. */
const LINES: Readonly<Record<string, readonly (readonly [string, string | null, string, string])[]>> = {
  'systems of the Loghub collection': [
    [
      '- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.363779 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected',
      '2005-06-03T15:42:50.363Z',
      'info',
      'instruction cache parity error corrected',
    ],
    [
      'APPREAD 1117869872 2005.06.04 R04-M1-N4-I:J18-U11 2005-06-04-00.24.32.432192 R04-M1-N4-I:J18-U11 RAS APP FATAL ciod: failed to read message prefix',
      '2005-06-04T00:24:32.432Z',
      'fatal',
      'ciod: failed to read message prefix',
    ],
    [
      '- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root',
      '2005-11-09T20:01:01.000Z',
      'unknown',
      'session closed for user root',
    ],
    [
      '134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change: Component is in the unavailable state',
      '2004-02-26T14:12:22.000Z',
      'unknown',
      'Component State Change: Component is in the unavailable state',
    ],
    [
      '2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster',
      '2015-10-18T18:01:47.978Z',
      'info',
      'Created MRAppMaster',
    ],
    [
      '20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579',
      '2017-12-23T22:15:29.606Z',
      'unknown',
      'Step_LSC|30002312|onStandStepChanged 3579',
    ],
    ['20171224-0:7:20:44|Step_LSC|30002312|x', '2017-12-24T00:07:20.044Z', 'unknown', 'Step_LSC|30002312|x'],
    [
      'Jul  1 09:00:55 calvisitor-10-105-160-95 com.apple.xpc.launchd[1] (com.apple.quicklook[31284]): Endpoint has been activated',
      '2023-07-01T09:00:55.000Z',
      'unknown',
      'Endpoint has been activated',
    ],
    [
      'nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b 113d3 54fad - - -] 10.11.10.1 "GET /v2" status: 200',
      '2017-05-16T00:00:00.008Z',
      'info',
      '10.11.10.1 "GET /v2" status: 200',
    ],
    [
      '[10.30 16:49:06] chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 HTTPS',
      '2023-10-30T16:49:06.000Z',
      'unknown',
      'chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 HTTPS',
    ],
  ],
  'JSON lines': [
    [
      '{"@timestamp":"2024-03-07T10:00:01.000Z","log.level":"ERROR","message":"no"}',
      '2024-03-07T10:00:01.000Z',
      'error',
      'no',
    ],
    [
      '{"@timestamp":"2024-03-07T10:00:01.000Z","log":{"level":"warn"},"message":"no"}',
      '2024-03-07T10:00:01.000Z',
      'warn',
      'no',
    ],
    [
      '{"level":"error","ts":1709805601.25,"caller":"app/x.go:12","msg":"no"}',
      '2024-03-07T10:00:01.250Z',
      'error',
      'no',
    ],
    ['{"@t":"2024-03-07T10:00:01Z","@mt":"Took {Ms}"}', '2024-03-07T10:00:01.000Z', 'info', 'Took {Ms}'],
    [
      '{"Timestamp":"2024-03-07T10:00:01Z","LogLevel":"Warning","Category":"x","Message":"slow"}',
      '2024-03-07T10:00:01.000Z',
      'warn',
      'slow',
    ],
    [
      '{"__REALTIME_TIMESTAMP":"1709805601250000","PRIORITY":"3","MESSAGE":"no"}',
      '2024-03-07T10:00:01.250Z',
      'error',
      'no',
    ],
    [
      '{"version":"1.1","host":"h","short_message":"no","timestamp":1709805601.25,"level":3}',
      '2024-03-07T10:00:01.250Z',
      'error',
      'no',
    ],
    [
      '{"t":{"$date":"2024-03-07T10:00:01.250+00:00"},"s":"E","c":"NETWORK","id":22943,"ctx":"listener","msg":"no"}',
      '2024-03-07T10:00:01.250Z',
      'error',
      'no',
    ],
    [
      '{"time":1709805601250000,"severity":"CRITICAL","message":"no"}',
      '2024-03-07T10:00:01.250Z',
      'fatal',
      'no',
    ],
    [
      '{"timestamp":1709805601250000000,"level":"debug","message":"x"}',
      '2024-03-07T10:00:01.250Z',
      'debug',
      'x',
    ],
    [
      '{"time_iso8601":"2024-03-07T10:00:01+00:00","status":"502","request":"GET /"}',
      '2024-03-07T10:00:01.000Z',
      'error',
      '{"time_iso8601":"2024-03-07T10:00:01+00:00","status":"502","request":"GET /"}',
    ],
  ],
  logfmt: [
    [
      'time="2024-03-07T10:00:01Z" level=warning msg="slow \\"disk\\"" size=3',
      '2024-03-07T10:00:01.000Z',
      'warn',
      'slow "disk"',
    ],
    [
      'ts=2024-03-07T10:00:01.25Z caller=main.go:12 level=error msg=gone',
      '2024-03-07T10:00:01.250Z',
      'error',
      'gone',
    ],
    ['time=2024-03-07T10:00:01.250+01:00 level=INFO msg=ready', '2024-03-07T09:00:01.250Z', 'info', 'ready'],
    [
      'type=SYSCALL msg=audit(1709805601.250:42): arch=c000003e',
      '2024-03-07T10:00:01.250Z',
      'unknown',
      'arch=c000003e',
    ],
  ],
  'web servers': [
    [
      'shop.example:443 203.0.113.9 - - [10/Oct/2023:13:55:36 +0000] "GET / HTTP/1.1" 404 12',
      '2023-10-10T13:55:36.000Z',
      'warn',
      '"GET / HTTP/1.1" 404 12',
    ],
    [
      '2001:db8::1 - - [10/Oct/2023:13:55:36 +0000] "GET / HTTP/1.1" 200 12',
      '2023-10-10T13:55:36.000Z',
      'info',
      '"GET / HTTP/1.1" 200 12',
    ],
    [
      '2024/03/07 10:00:01 [crit] 12#34: *5 SSL_do_handshake() failed',
      '2024-03-07T10:00:01.000Z',
      'fatal',
      '12#34: *5 SSL_do_handshake() failed',
    ],
    [
      '[07-Mar-2024 10:00:01 UTC] PHP Warning:  Undefined variable',
      '2024-03-07T10:00:01.000Z',
      'unknown',
      'PHP Warning:  Undefined variable',
    ],
    [
      '[07-Mar-2024 10:00:01] NOTICE: ready to handle connections',
      '2024-03-07T10:00:01.000Z',
      'info',
      'ready to handle connections',
    ],
  ],
  syslog: [
    ['<34>Oct 11 22:14:15 mymachine su: no', '2023-10-11T22:14:15.000Z', 'fatal', 'no'],
    ['Mar  7 2024 10:00:01 fw01 : %ASA-4: denied', '2024-03-07T10:00:01.000Z', 'unknown', '%ASA-4: denied'],
    [
      'Mar  7 10:00:01 host kernel: [12345.678901] usb 1-1: new device',
      '2024-03-07T10:00:01.000Z',
      'unknown',
      'usb 1-1: new device',
    ],
    [
      '2024-03-07T10:00:01.250+01:00 host sshd[42]: error: no',
      '2024-03-07T09:00:01.250Z',
      'error',
      'error: no',
    ],
    [
      'Thu 2024-03-07 10:00:01 UTC host sshd[42]: x',
      '2024-03-07T10:00:01.000Z',
      'unknown',
      'host sshd[42]: x',
    ],
  ],
  Java: [
    [
      'INFO  [main] 2024-03-07 10:00:01,250 Server.java:12 - ready',
      '2024-03-07T10:00:01.250Z',
      'info',
      'ready',
    ],
    [
      '07-Mar-2024 10:00:01.250 SEVERE [main] org.apache.catalina.Startup no',
      '2024-03-07T10:00:01.250Z',
      'error',
      'org.apache.catalina.Startup no',
    ],
    [
      '2024-03-07 10:00:01,250 [pool-1-thread-2] DEBUG com.example.Store - read',
      '2024-03-07T10:00:01.250Z',
      'debug',
      'read',
    ],
    ['10:00:01.250 [main] WARN  c.e.Store - slow', null, 'warn', 'slow'],
  ],
  Python: [
    ['2024-03-07 10:00:01,250 - shop.checkout - ERROR - no', '2024-03-07T10:00:01.250Z', 'error', 'no'],
    ['[2024-03-07 10:00:01 +0000] [4711] [INFO] Listening', '2024-03-07T10:00:01.000Z', 'info', 'Listening'],
    ['[2024-03-07 10:00:01,250: WARNING/MainProcess] late', '2024-03-07T10:00:01.250Z', 'warn', 'late'],
    [
      '2024-03-07 10:00:01.250 | SUCCESS  | shop.checkout:pay:12 - paid',
      '2024-03-07T10:00:01.250Z',
      'info',
      'paid',
    ],
    ['WARNING:shop.checkout:late', null, 'warn', 'late'],
    [
      '[07/Mar/2024 10:00:01] "GET / HTTP/1.1" 200 12',
      '2024-03-07T10:00:01.000Z',
      'unknown',
      '"GET / HTTP/1.1" 200 12',
    ],
  ],
  Go: [
    ['2024/03/07 10:00:01 ready', '2024-03-07T10:00:01.000Z', 'unknown', 'ready'],
    ['2024/03/07 10:00:01 WARN slow', '2024-03-07T10:00:01.000Z', 'warn', 'slow'],
    [
      '2024-03-07T10:00:01.250Z\tERROR\tshop/pay.go:12\tno\t{"id": 3}',
      '2024-03-07T10:00:01.250Z',
      'error',
      'no\t{"id": 3}',
    ],
    ['2024-03-07T10:00:01Z WRN slow id=3', '2024-03-07T10:00:01.000Z', 'warn', 'slow id=3'],
    ['WARN[0012] slow                     id=3', null, 'warn', 'slow                     id=3'],
    ['E0307 10:00:01.250000    4711 server.go:12] no', '2024-03-07T10:00:01.250Z', 'error', 'no'],
    ['I20240307 10:00:01.250000 4711 server.cc:12] ready', '2024-03-07T10:00:01.250Z', 'info', 'ready'],
  ],
  '.NET': [
    ['2024-03-07 10:00:01.250 +02:00 [FTL] no', '2024-03-07T08:00:01.250Z', 'fatal', 'no'],
    ['[10:00:01 WRN] slow', null, 'warn', 'slow'],
    ['2024-03-07 10:00:01.2500|ERROR|Shop.Checkout|no', '2024-03-07T10:00:01.250Z', 'error', 'no'],
    ['fail: Shop.Checkout[12]', null, 'error', 'fail: Shop.Checkout[12]'],
    ['3/7/2024 10:00:01 PM ERROR no', '2024-03-07T22:00:01.000Z', 'error', 'no'],
    ['07.03.2024 10:00:01 ERROR no', '2024-03-07T10:00:01.000Z', 'error', 'no'],
  ],
  containers: [
    ['2024-03-07T10:00:01.123456789Z stderr F ERROR: no', '2024-03-07T10:00:01.123Z', 'error', 'no'],
    [
      '2024-03-07T10:00:01.123456789Z stdout F 2024-03-07 10:00:00 WARN slow',
      '2024-03-07T10:00:01.123Z',
      'warn',
      'slow',
    ],
    [
      '2024-03-07T10:00:01.123456789+01:00 stdout F {"level":"error","msg":"no"}',
      '2024-03-07T09:00:01.123Z',
      'error',
      'no',
    ],
    [
      '{"log":"WARN slow\\n","stream":"stderr","time":"2024-03-07T10:00:01.25Z"}',
      '2024-03-07T10:00:01.250Z',
      'warn',
      'slow',
    ],
  ],
  databases: [
    ['2024-03-07 10:00:01.250 UTC [4711] LOG:  ready', '2024-03-07T10:00:01.250Z', 'info', 'ready'],
    ['2024-03-07 10:00:01.250 CET [4711] app@shop FATAL:  no', '2024-03-07T09:00:01.250Z', 'fatal', 'no'],
    [
      '2024-03-07T10:00:01.250000Z 0 [Warning] [MY-010068] [Server] CA',
      '2024-03-07T10:00:01.250Z',
      'warn',
      'CA',
    ],
    ['2024-03-07  9:00:01 0 [Note] ready', '2024-03-07T09:00:01.000Z', 'info', 'ready'],
    ['240307  9:00:01 [ERROR] no', '2024-03-07T09:00:01.000Z', 'error', 'no'],
    ['4711:M 07 Mar 2024 10:00:01.250 # Warning', '2024-03-07T10:00:01.250Z', 'warn', 'Warning'],
    [
      '2024-03-07T10:00:01.250+0000 I NETWORK  [listener] waiting',
      '2024-03-07T10:00:01.250Z',
      'info',
      '[listener] waiting',
    ],
  ],
  others: [
    ['I, [2024-03-07T10:00:01.250000 #4711]  INFO -- : ready', '2024-03-07T10:00:01.250Z', 'info', 'ready'],
    ['[2024-03-07T10:00:01Z ERROR shop::pay] no', '2024-03-07T10:00:01.000Z', 'error', 'shop::pay] no'],
    [
      '\u001b[2m2024-03-07T10:00:01.250Z\u001b[0m \u001b[31mERROR\u001b[0m shop: no',
      '2024-03-07T10:00:01.250Z',
      'error',
      'shop: no',
    ],
    ['[    1.250000] usb 1-1: new device', null, 'unknown', 'usb 1-1: new device'],
    ['1709805601250000 INFO up', '2024-03-07T10:00:01.250Z', 'info', 'up'],
    ['2024-03-07 10:00:01 EST INFO up', '2024-03-07T15:00:01.000Z', 'info', 'up'],
    ['9999-01-01 00:00:00 INFO not of this age', null, 'info', 'not of this age'],
  ],
}

describe.for(Object.entries(LINES))('%s', ([, lines]) => {
  test.for(lines)('%s', ([line, ...expected]) => {
    expect(read(line)).toEqual(expected)
  })
})
