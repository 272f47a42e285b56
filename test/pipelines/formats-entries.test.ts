/** Which lines make an entry, and what the entry takes from each of them. */
import { describe, expect, test } from 'vitest'
import { EntryJoiner } from '../../src/pipelines/log-analysis/formats/entries.ts'
import { createClock, type Header } from '../../src/pipelines/log-analysis/formats/format.ts'

const NOW = Date.UTC(2024, 5, 15)

interface Entry extends Header {
  readonly lines: number
}

function entries(text: string): Entry[] {
  const found: (Header & { lines: number })[] = []
  const joiner = new EntryJoiner(createClock(NOW), {
    begin: header => void found.push({ ...header, lines: 1 }),
    more(part) {
      Object.assign(found.at(-1)!, part)
      found.at(-1)!.lines++
    },
  })
  const lines = text.split('\n')
  joiner.weigh(lines.slice(0, 200))
  for (const line of lines) joiner.line(line)
  return found
}

const TRACES = {
  Java: `java.lang.IllegalStateException: no
\tat com.example.A.b(A.java:1)
\tSuppressed: java.io.IOException: closing
\t\tat com.example.A.close(A.java:2)
Caused by: java.io.IOException: gone
\tat com.example.B.c(B.java:3)
\t... 3 more`,
  Python: `Traceback (most recent call last):
  File "/app/pay.py", line 12, in pay
    charge(card)
ValueError: no card

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    pay()
shop.errors.PaymentError: no card`,
  JavaScript: `TypeError: Cannot read properties of undefined
    at pay (/app/pay.js:12:3)
    at async main (/app/main.js:3:1) {
  [cause]: Error: gone
      at get (/app/db.js:1:1)
}`,
  Go: `panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.(*Shop).pay(0xc000012345, {0x1, 0x2})
\t/app/pay.go:12 +0x1d
main.main()
\t/app/main.go:3 +0x25
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3285 +0x4b4
exit status 2`,
  '.NET': `Unhandled exception. System.InvalidOperationException: no
 ---> System.IO.IOException: gone
   at Shop.Store.Read() in /app/Store.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Program.Main(String[] args) in /app/Program.cs:line 3`,
  Ruby: `/app/pay.rb:12:in 'charge': no card (ArgumentError)
\tfrom /app/pay.rb:3:in 'pay'
\tfrom /app/main.rb:1:in '<main>'`,
  Rust: `thread 'main' panicked at src/main.rs:5:10:
called \`Option::unwrap()\` on a \`None\` value
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:645:5
   1: shop::pay
note: run with \`RUST_BACKTRACE=full\` for a verbose backtrace`,
}

describe.for(Object.entries(TRACES))('a stack trace of %s', ([, trace]) => {
  const lines = trace.split('\n').length

  test('belongs to the entry that it follows', () => {
    const found = entries(`2024-03-07 10:00:00 ERROR failed\n${trace}\n2024-03-07 10:00:01 INFO went on`)
    expect(found.map(entry => [entry.level, entry.lines])).toEqual([
      ['error', lines + 1],
      ['info', 1],
    ])
  })

  test('is one entry, or joins the one before, in a log whose lines have no header', () => {
    const found = entries(`plain words\n${trace}\nplain again\nand again`)
    expect(found.reduce((sum, entry) => sum + entry.lines, 0)).toBe(lines + 3)
    expect(found.slice(-2).map(entry => [entry.message, entry.lines])).toEqual([
      ['plain again', 1],
      ['and again', 1],
    ])
    expect(found).toHaveLength(trace.startsWith('Traceback') ? 3 : 4)
  })

  test('is joined where a container’s runtime gave each of its lines a time', () => {
    const line = (text: string) => `2024-03-07T10:00:00.123456789Z stderr F ${text}`
    const [first = '', ...rest] = trace.split('\n').filter(each => /^\s|^Caused by|^at |^\.\.\./.test(each))
    const found = entries(
      [line('ERROR failed'), line(first), ...rest.map(line), line('INFO went on')].join('\n'),
    )
    expect(found.map(entry => [entry.level, entry.lines])).toEqual([
      ['error', rest.length + 2],
      ['info', 1],
    ])
  })
})

test('a line of several megabytes that a container’s runtime cut up is one entry', () => {
  const found = entries(
    [
      '2024-03-07T10:00:00.1Z stdout P 2024-03-07 10:00:00 INFO begin',
      '2024-03-07T10:00:00.1Z stdout P ning of 2024',
      '2024-03-07T10:00:00.1Z stdout F  end',
      '2024-03-07T10:00:00.2Z stdout F 2024-03-07 10:00:00 WARN next',
    ].join('\n'),
  )
  expect(found.map(entry => [entry.level, entry.lines])).toEqual([
    ['info', 3],
    ['warn', 1],
  ])
})

test('java.util.logging: the second line has level and message', () => {
  const [first, second] = entries(
    'Mar 07, 2024 10:00:01 PM com.example.Store open\nSEVERE: no disk\njava.io.IOException: gone\n\tat a.B.c(B.java:1)\nMar 07, 2024 10:00:02 PM com.example.Store close\nINFO: closed',
  )
  expect(first).toMatchObject({
    time: Date.UTC(2024, 2, 7, 22, 0, 1),
    level: 'error',
    message: 'no disk',
    lines: 4,
  })
  expect(second).toMatchObject({ level: 'info', message: 'closed', lines: 2 })
})

test('Microsoft’s console: the second line has the message', () => {
  const found = entries(
    'info: Microsoft.Hosting.Lifetime[14]\n      Now listening\nfail: Shop.Pay[0]\n      No card\n      System.Exception: x\n         at A.B()',
  )
  expect(found).toMatchObject([
    { level: 'info', message: 'Now listening', lines: 2 },
    { level: 'error', message: 'No card', lines: 4 },
  ])
})

test('journald’s export: an entry goes to the empty line, and has its fields’ time, level and message', () => {
  const one = (n: number) =>
    `__CURSOR=s=1;i=${n}\n__REALTIME_TIMESTAMP=170980560125000${n}\nPRIORITY=3\n_PID=1\nMESSAGE=no disk ${n}\n`
  expect(entries(`${one(1)}\n${one(2)}`)).toMatchObject([
    { time: 1_709_805_601_250, level: 'error', message: 'no disk 1', lines: 6 },
    { time: 1_709_805_601_250, level: 'error', message: 'no disk 2', lines: 6 },
  ])
})

test('PostgreSQL’s DETAIL, HINT and STATEMENT belong to their error', () => {
  const head = '2024-03-07 10:00:01.250 UTC [4711] app@shop'
  const found = entries(
    `${head} ERROR:  duplicate key\n${head} DETAIL:  Key exists.\n${head} STATEMENT:  INSERT\n\tINTO x\n${head} LOG:  done`,
  )
  expect(found.map(entry => [entry.level, entry.lines])).toEqual([
    ['error', 4],
    ['info', 1],
  ])
})

test('a file that changes its format midway is read on, also into one without times', () => {
  const found = entries(
    [
      ...Array.from({ length: 300 }, (_, n) => `2024-03-07 10:00:01 INFO step ${n}`),
      ...Array.from(
        { length: 300 },
        (_, n) => `{"time":"2024-03-07T10:00:02Z","level":"error","msg":"step ${n}"}`,
      ),
      ...Array.from({ length: 300 }, (_, n) => `Mar  7 10:00:03 host app[1]: step ${n}`),
    ].join('\n'),
  )
  expect(found).toHaveLength(900)
  expect(found.every(entry => entry.message.startsWith('step') && !Number.isNaN(entry.time))).toBe(true)
  expect(found.filter(entry => entry.level === 'error')).toHaveLength(300)
})

test('a sentence that begins with "Error:" is no header in a log that has headers, and is one where there is no better', () => {
  expect(entries('2024-03-07 10:00:01 INFO up\nError: no\n2024-03-07 10:00:02 INFO on')).toHaveLength(2)
  expect(entries('ERROR: no\nINFO: up\nplain').map(entry => entry.level)).toEqual(['error', 'info'])
})

test('numbers of a date are read in the order that the file’s other lines show', () => {
  const [first] = entries('03/07/2024 10:00:01 x\n25/07/2024 10:00:01 y')
  expect(new Date(first!.time).toISOString()).toBe('2024-07-03T10:00:01.000Z')
  const [other] = entries('03/07/2024 10:00:01 x\n03/25/2024 10:00:01 y')
  expect(new Date(other!.time).toISOString()).toBe('2024-03-07T10:00:01.000Z')
})
