/** How the viewer reads a whole file over a connection that may be cut. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { chunksOf } from '../../src/ui/app/pages/viewer/whole-stream.ts'

const TEXT = Buffer.alloc(300_000, 'a line of a log\n')
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(listening => server.once('listening', listening))
  closing.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function all(url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(url)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** @param tags of its answers, one after the other, the last for all that follow: each is cut, but that one */
function cutting(...tags: string[]) {
  const ranges: (string | undefined)[] = []
  const listener: RequestListener = ({ headers }, response) => {
    const tag = tags[Math.min(ranges.length, tags.length - 1)]!
    ranges.push(headers.range)
    const isCut = ranges.length < tags.length
    const from =
      headers['if-range'] === tag ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0
    const rest = TEXT.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, { etag: tag, 'content-length': rest.length })
    if (isCut) response.write(rest.subarray(0, 100_000), () => response.destroy())
    else response.end(rest)
  }
  return { ranges, listener }
}

test('a stream that is cut goes on where it was, to its end, with every byte once', async () => {
  const { ranges, listener } = cutting('"a"', '"a"', '"a"')
  expect((await all(await serving(listener))).equals(TEXT)).toBe(true)
  expect(ranges.length).toBe(3)
  expect(ranges.slice(1).every(range => /^bytes=[1-9]\d*-$/.test(range!))).toBe(true)
})

test('a file that has changed in between is not taken for the rest of the old one', async () => {
  await expect(all(await serving(cutting('"a"', '"b"').listener))).rejects.toThrow('The file has changed.')
})

test('a refusal is told in the service’s own words, at once', async () => {
  let requests = 0
  const url = await serving((_, response) => {
    requests++
    response.writeHead(404, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ detail: 'There is no such artifact.' }))
  })
  await expect(all(url)).rejects.toThrow('There is no such artifact.')
  expect(requests).toBe(1)
})
