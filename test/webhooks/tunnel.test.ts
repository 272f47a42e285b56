import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { answer } from '../support/receiver.ts'
import { freePort } from '../support/redis.ts'
import { receiving, sending } from './attempt.ts'

async function proxying(...how: Parameters<typeof startProxy>): Promise<TestProxy & { url: string }> {
  const proxy = await startProxy(...how)
  onTestFinished(() => proxy.close())
  return { ...proxy, url: `${how[1] ? 'https' : 'http'}://127.0.0.1:${proxy.port}` }
}

/** A certificate for `hook.example` and 127.0.0.1 by its own hand, which this process believes until the test ends. */
function believedCertificate(): { key: string; cert: string } {
  const made = certificate()
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, made.cert])
  onTestFinished(() => setDefaultCACertificates(before))
  return made
}

function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    const wanted = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const names = 'subjectAltName=DNS:hook.example,IP:127.0.0.1'
    const named = ['-subj', '/CN=hook.example', '-addext', names]
    execFileSync('openssl', ['req', '-x509', ...wanted, ...named, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('through a proxy an attempt goes to the address that was checked, which the proxy is told instead of the name', async () => {
  const receiver = await receiving(answer(200))
  const proxy = await proxying()
  const guard = createAddressGuard({ allow: [receiver.allow], lookup: async () => ['127.0.0.1'] })
  const send = sending(receiver, { guard, proxy: proxy.url.replace('//', '//ann:p%40ss%3A@') })
  const outcome = await send({ url: `http://hook.example:${receiver.port}/hook` })
  expect(outcome).toMatchObject({
    verdict: 'delivered',
    dnsMs: expect.any(Number),
    connectMs: expect.any(Number),
  })
  const request = await receiver.received(1)
  expect(request).toMatchObject({ path: '/hook', headers: { host: `hook.example:${receiver.port}` } })
  expect(request.headers).not.toHaveProperty('proxy-authorization')
  expect(receiver.verify(request)).toBeDefined()
  expect(proxy.asked).toEqual([
    {
      authority: `127.0.0.1:${receiver.port}`,
      authorization: `Basic ${Buffer.from('ann:p@ss:').toString('base64')}`,
    },
  ])
})

/** A receiver that is spoken to by TLS, and says by what name. @returns its port */
async function secureReceiver(certificate: { key: string; cert: string }): Promise<number> {
  const server = createServer(certificate, (request, response) => response.end(request.headers.host!))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

test('through a proxy the certificate is still checked against the name', async () => {
  const port = await secureReceiver(believedCertificate())
  const receiver = await receiving(answer(200))
  const proxy = await proxying()
  const guard = createAddressGuard({
    allow: [{ cidr: '127.0.0.1/32', port }],
    lookup: async () => ['127.0.0.1'],
  })
  const send = sending(receiver, { guard, proxy: proxy.url })
  expect(await send({ url: `https://hook.example:${port}/` })).toMatchObject({
    verdict: 'delivered',
    response: `hook.example:${port}`,
  })
  expect(await send({ url: `https://other.example:${port}/` })).toMatchObject({
    verdict: 'retry',
    error: expect.stringContaining('certificate of the host is not trusted'),
  })
  expect(proxy.asked.map(each => each.authority)).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${port}`])
})

test('a proxy that is spoken to by TLS must prove who it is, and carries TLS to the receiver within', async () => {
  const receiver = await receiving(answer(200))
  const believed = believedCertificate()
  const port = await secureReceiver(believed)
  const guard = createAddressGuard({
    allow: [receiver.allow, { cidr: '127.0.0.1/32', port }],
    lookup: async () => ['127.0.0.1'],
  })
  const proxy = await proxying(undefined, believed)
  const send = sending(receiver, { guard, proxy: proxy.url })
  expect(await send({ url: `https://hook.example:${port}/` })).toMatchObject({
    verdict: 'delivered',
    response: `hook.example:${port}`,
  })
  expect(await send()).toMatchObject({ verdict: 'delivered' })
  expect(proxy.asked).toHaveLength(2)

  const stranger = await proxying(undefined, certificate())
  expect(await sending(receiver, { guard, proxy: stranger.url })()).toMatchObject({
    verdict: 'retry',
    error: 'The proxy could not be used (DEPTH_ZERO_SELF_SIGNED_CERT).',
  })
  expect(stranger.asked).toEqual([])
})

test('a proxy opens no door: what may not be reached is never asked of it, by its number or by its name', async () => {
  const receiver = await receiving(answer(200))
  const proxy = await proxying()
  const answers = [['93.184.215.14'], ['10.0.0.1'], ['169.254.169.254']]
  const guard = createAddressGuard({ allow: [], lookup: async () => answers.shift()! })
  const send = sending(receiver, { guard, proxy: proxy.url })
  expect(await guard.checkUrl('http://rebound.example/')).toMatchObject({ ok: true })
  for (const host of ['rebound.example', 'metadata.example', '127.0.0.1', '[::1]']) {
    expect(await send({ url: `http://${host}:${receiver.port}/` }), host).toMatchObject({
      statusCode: null,
      error: expect.stringContaining('SLUICE_WEBHOOK_ALLOW='),
      verdict: 'retry',
    })
  }
  expect(proxy.asked).toEqual([])
})

test('of several addresses the proxy is asked for the next where it cannot reach one', async () => {
  const receiver = await receiving(answer(200))
  const proxy = await proxying(authority => (authority.startsWith('[') ? 502 : 200))
  const guard = createAddressGuard({
    allow: [receiver.allow],
    lookup: async () => ['2606:2800:220:1::1', '127.0.0.1'],
  })
  const send = sending(receiver, { guard, proxy: proxy.url })
  expect(await send({ url: `http://hook.example:${receiver.port}/` })).toMatchObject({ verdict: 'delivered' })
  expect(proxy.asked.map(each => each.authority)).toEqual([
    `[2606:2800:220:1::1]:${receiver.port}`,
    `127.0.0.1:${receiver.port}`,
  ])
})

test('a proxy that is away, refuses, or makes no connection in time fails the attempt in words, to be tried again', async () => {
  const receiver = await receiving(answer(200))
  const told = async (proxy: string, timeoutMs = 15_000) => {
    const outcome = await sending(receiver, { proxy, timeoutMs })()
    expect(outcome).toMatchObject({ statusCode: null, verdict: 'retry' })
    expect(outcome.error).not.toContain('secret')
    return outcome.error
  }
  expect(await told(`http://ann:secret@127.0.0.1:${await freePort()}`)).toBe(
    'The proxy could not be used (ECONNREFUSED).',
  )
  const refusing = await proxying(() => 407)
  expect(await told(refusing.url)).toBe('The proxy answered 407 and made no connection.')
  const never = Promise.withResolvers<number>()
  const silent = await proxying(() => never.promise)
  expect(await told(silent.url, 200)).toMatch(/in time|within 0\.2 s/)
  never.resolve(503)
  expect(receiver.connections).toBe(0)
})

test('what a proxy takes to connect is told', async () => {
  const receiver = await receiving(answer(200))
  const proxy = await proxying(async () => {
    await wait(500)
    return 200
  })
  const outcome = await sending(receiver, { proxy: proxy.url })()
  expect(outcome).toMatchObject({ verdict: 'delivered', dnsMs: null })
  expect(outcome.connectMs).toBeGreaterThanOrEqual(495)
})
