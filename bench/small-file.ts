/** What is uploaded in the measurement of jobs a second: 4 KiB of log lines. */
const LINE = '2026-03-14T09:26:53.589Z INFO  [intake] request 7f3a finished with status 200 in 12 ms\n'

export const SMALL_FILE = Buffer.alloc(4_096, LINE)
