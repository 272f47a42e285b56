/** How many files a worker has scanned at once, and what becomes of those that wait. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { Scanner, ScanResult } from '../../src/scanner/scanner.ts'
import { createScans } from '../../src/workers/scans.ts'
import { silent } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'

const CLEAN: ScanResult = { clean: true }

/** Answers each scan when it is told to. */
function startScans() {
  const begun: { end(): void; fail(error: Error): void }[] = []
  const scanner: Scanner = {
    async scan() {
      const { promise, resolve, reject } = Promise.withResolvers<ScanResult>()
      begun.push({ end: () => resolve(CLEAN), fail: reject })
      return promise
    },
    async ping() {},
    tellsLimits: async () => true,
  }
  const scans = createScans({ scanner, log: silent })
  return {
    scanner,
    begun,
    scan: (signal = new AbortController().signal) => scans.scan(async () => Readable.from([]), signal),
    async hasBegun(count: number) {
      await eventually(
        () => begun.length,
        length => length >= count,
      )
      // Whoever else could begin has had the chance to.
      await new Promise(resolve => setImmediate(resolve))
      expect(begun).toHaveLength(count)
    },
  }
}

test('four files are scanned at once; the next one whenever one of them is done, whatever came of it', async () => {
  const { begun, scan, hasBegun } = startScans()
  const all = Array.from({ length: 7 }, () => scan())
  await hasBegun(4)
  begun[2]!.end()
  await hasBegun(5)
  begun[0]!.fail(new Error('away'))
  await expect(all[0]).rejects.toThrow('away')
  await hasBegun(6)
  for (const at of [1, 3, 4, 5]) begun[at]!.end()
  await hasBegun(7)
  begun[6]!.end()
  expect(await Promise.all(all.slice(1))).toEqual(all.slice(1).map(() => CLEAN))
})

test('one that waits is let go when it is no longer wanted, and takes no place', async () => {
  const { begun, scan, hasBegun } = startScans()
  const first = Array.from({ length: 4 }, () => scan())
  await hasBegun(4)
  const unwanted = new AbortController()
  const [waiting, next] = [scan(unwanted.signal), scan()]
  const reason = new Error('not wanted')
  unwanted.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(scan(unwanted.signal)).rejects.toBe(reason)
  begun[0]!.end()
  await hasBegun(5)
  for (const each of begun) each.end()
  expect(await Promise.all([...first, next])).toEqual(Array(5).fill(CLEAN))
})

test('a file that cannot be opened gives its place up', async () => {
  const { scanner } = startScans()
  const scans = createScans({ scanner: { ...scanner, scan: async () => CLEAN }, log: silent })
  const gone = new Error('gone')
  const never = new AbortController().signal
  for (let time = 0; time < 10; time++)
    await expect(scans.scan(() => Promise.reject(gone), never)).rejects.toBe(gone)
  expect(await scans.scan(async () => Readable.from([]), never)).toEqual(CLEAN)
})
