import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { type AllowedRange, loadConfig } from '../../src/config.ts'
import { AddressRefused, createAddressGuard } from '../../src/webhooks/address.ts'

const PUBLIC = '93.184.215.14'
const PUBLIC_V6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c'

function guardWith(names: Record<string, readonly string[]> = {}, allow: readonly AllowedRange[] = []) {
  return createAddressGuard({
    allow,
    lookup: async name => {
      const found = names[name]
      if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
      return found
    },
  })
}

function settingsWith(entry: string): readonly AllowedRange[] {
  return loadConfig({ SLUICE_WEBHOOK_ALLOW: entry }).webhookAllow
}

const refused = { ok: false, code: 'callback-url-not-allowed' }

test('a public URL is taken, by name and by address', async () => {
  const guard = guardWith({ 'hook.example': [PUBLIC, PUBLIC_V6] })
  for (const url of [
    'http://hook.example/',
    'https://hook.example:8443/path?query',
    `http://${PUBLIC}/`,
    `https://[${PUBLIC_V6}]/`,
  ]) {
    expect(await guard.checkUrl(url), url).toEqual({ ok: true, url: new URL(url) })
  }
})

test.each([
  '',
  'hook',
  '/hook',
  '//hook.example/',
  'http://',
  'http://256.1.1.1/',
  'http://h:65536/',
  'http://a b/',
  'http:8.8.8.8/x',
  'http:/8.8.8.8',
  'http:///x',
  'https:///8.8.8.8/',
  ' http://8.8.8.8/ ',
  'http://8.8.8.8/\n',
  'http://8.8.\t8.8/',
  'http://8.8.8.8/a b',
  'http://8.8.8.8\\@10.0.0.1/',
  'http:\\\\8.8.8.8\\',
  'http://8.8.8.8/\ud800',
])('what is no absolute URL is an invalid request: "%s"', async text => {
  expect(await guardWith().checkUrl(text)).toMatchObject({ ok: false, code: 'invalid-request' })
})

test.each([
  'ftp://hook.example/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'localhost:7250/',
  'http://user@hook.example/',
  'http://:password@hook.example/',
  'http://@hook.example/',
  'https://:@hook.example/',
  'http://hook.example:0/',
])('another scheme, userinfo and port 0 are refused: %s', async text => {
  const guard = guardWith({ 'hook.example': [PUBLIC] }, [{ cidr: '0.0.0.0/0', port: null }])
  expect(await guard.checkUrl(text)).toMatchObject(refused)
})

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:1.1.1.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::1.1.1.1',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '100:0:0:1::1',
  '2001::1',
  '2001:0:5db8:d70e::f5ff:fffe',
  '2001:0:a00:1::a247:28f1',
  '2001:0:101:101::fefe:fefe',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:a00:1::1',
  '2002:101:101::1',
  '2606:4700::5efe:10.0.0.1',
  '2606:4700::200:5efe:7f00:1',
  'fd00::5efe:1.1.1.1',
  'fe80::5efe:1.1.1.1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0.1',
  'fec0::1',
  'ff02::1',
])('a special address is refused wherever it comes from: %s', async address => {
  const guard = guardWith({ 'hook.example': [address] })
  expect(await guard.checkUrl('https://hook.example/')).toMatchObject(refused)
  expect(() => guard.checkLiteral(address, 443)).toThrow(AddressRefused)
  if (!address.includes('%')) {
    const host = address.includes(':') ? `[${address}]` : address
    expect(await guard.checkUrl(`https://${host}/`)).toMatchObject(refused)
  }
})

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '198.17.255.255',
  '198.20.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '223.255.255.255',
  '2001:200::1',
  '2003::1',
  '2606:4700::200:5efe:101:101',
  '2606:4700:4700::1111',
  '3ffe::1',
])('the neighbours of special ranges are taken, and a site’s ISATAP address of a public one: %s', address => {
  expect(() => guardWith().checkLiteral(address, 443)).not.toThrow()
})

test.each([
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://017700000001/',
  'http://0177.0.0.01/',
  'http://127.1/',
  'http://127.0.0.1./',
  'http://127%2e0.0.1/',
  'http://１２７.０.０.１/',
  'http://127。0。0。1/',
  'http:127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::ffff:0x7f.1]/',
])('no spelling of a loopback address gets past: %s', async text => {
  expect((await guardWith().checkUrl(text)).ok).toBe(false)
})

test.each([
  ['AWS, Google, Azure and most others', '169.254.169.254'],
  ['AWS, of containers', '169.254.170.2'],
  ['AWS by IPv6', 'fd00:ec2::254'],
  ['Google by IPv6', 'fd20:ce::254'],
  ['Azure’s wire server', '168.63.129.16'],
  ['Alibaba', '100.100.100.200'],
  ['Oracle', '192.0.0.192'],
  ['Scaleway by IPv6', 'fd00:42::42'],
  ['OpenStack by IPv6', 'fe80::a9fe:a9fe'],
])('what tells a machine its own credentials is refused: of %s', async (_, address) => {
  const guard = guardWith({ 'hook.example': [address] })
  for (const port of [80, 8080, 32526]) {
    expect(await guard.checkUrl(`http://hook.example:${port}/`)).toMatchObject(refused)
    expect(() => guard.checkLiteral(address, port)).toThrow(AddressRefused)
    if (!address.includes(':')) {
      expect(() => guard.checkLiteral(`::ffff:${address}`, port)).toThrow(AddressRefused)
      expect(() => guard.checkLiteral(`64:ff9b::${address}`, port)).toThrow(AddressRefused)
    }
  }
})

test('one private address among public ones refuses the name', async () => {
  const guard = guardWith({ 'hook.example': [PUBLIC, '10.0.0.1', PUBLIC_V6] })
  expect(await guard.checkUrl('https://hook.example/')).toMatchObject(refused)
})

test('a port below 1024 is refused, but for 80 and 443', async () => {
  const guard = guardWith({ 'hook.example': [PUBLIC] })
  for (const port of [1, 22, 25, 79, 81, 442, 444, 1023]) {
    expect(await guard.checkUrl(`http://hook.example:${port}/`), String(port)).toMatchObject(refused)
  }
  for (const port of [80, 443, 1024, 6379, 65535]) {
    expect(await guard.checkUrl(`http://hook.example:${port}/`), String(port)).toMatchObject({ ok: true })
  }
})

test.each([
  ['http://127.0.0.1:7250/', '127.0.0.1/32:7250'],
  ['http://[::1]:7250/', '::1/128:7250'],
  ['http://[::ffff:127.0.0.1]:7250/', '127.0.0.1/32:7250'],
  ['https://[::ffff:1.1.1.1]/', '1.1.1.1/32:443'],
  ['http://168.63.129.16/', '168.63.129.16/32:80'],
  ['http://[fd00::1:2]/', 'fd00::1:2/128:80'],
  ['https://[64:ff9b::a00:1]/', '64:ff9b::a00:1/128:443'],
  [`http://${PUBLIC}:22/`, `${PUBLIC}/32:22`],
  ['http://dual.example:7250/', '127.0.0.1/32:7250,::1/128:7250'],
  ['http://mixed.example:22/', `${PUBLIC}/32:22,10.0.0.1/32:22`],
])('a refusal names the entry that permits the URL, and that entry does: %s', async (url, entry) => {
  const names = { 'dual.example': ['127.0.0.1', '::1'], 'mixed.example': [PUBLIC, '10.0.0.1'] }
  const verdict = await guardWith(names).checkUrl(url)
  expect(verdict).toMatchObject({ ...refused, detail: expect.stringMatching(/SLUICE_WEBHOOK_ALLOW=\S+$/) })
  const named = verdict.ok ? '' : verdict.detail.split('SLUICE_WEBHOOK_ALLOW=')[1]!
  expect(named).toBe(entry)
  expect(await guardWith(names, settingsWith(named)).checkUrl(url)).toMatchObject({ ok: true })
})

test('an entry permits its addresses at its port; without a port, at any', async () => {
  const names = { 'in.example': ['10.1.2.3'], 'out.example': ['10.2.0.0'] }
  const anyPort = guardWith(names, settingsWith('10.1.0.0/16'))
  expect(await anyPort.checkUrl('http://in.example:22/')).toMatchObject({ ok: true })
  expect(await anyPort.checkUrl('http://in.example:9000/')).toMatchObject({ ok: true })
  expect(await anyPort.checkUrl('http://out.example:9000/')).toMatchObject(refused)

  const onePort = guardWith(names, settingsWith('10.1.0.0/16:9000'))
  expect(await onePort.checkUrl('http://in.example:9000/')).toMatchObject({ ok: true })
  expect(await onePort.checkUrl('http://in.example:9001/')).toMatchObject(refused)
})

test('an entry in the IPv4-mapped form means the IPv4 addresses', () => {
  const guard = guardWith({}, settingsWith('::ffff:10.0.0.0/104'))
  expect(() => guard.checkLiteral('10.200.0.1', 443)).not.toThrow()
  expect(() => guard.checkLiteral('11.0.0.1', 22)).toThrow(AddressRefused)
})

test('in a network with DNS64 an entry opens what its translator reaches', async () => {
  const names = { 'hook.example': ['64:ff9b::5db8:d70e', PUBLIC] }
  expect(await guardWith(names).checkUrl('https://hook.example/')).toMatchObject(refused)
  const open = guardWith(names, settingsWith('64:ff9b::/96'))
  expect(await open.checkUrl('https://hook.example/')).toMatchObject({ ok: true })
})

test('an entry for one family permits nothing in the other', () => {
  const guard = guardWith({}, settingsWith('::/0'))
  expect(() => guard.checkLiteral('fd00::1', 443)).not.toThrow()
  expect(() => guard.checkLiteral('127.0.0.1', 443)).toThrow(AddressRefused)
})

test('a name that does not resolve now is taken, for it is checked again at connection', async () => {
  expect(await guardWith().checkUrl('https://later.example/')).toMatchObject({ ok: true })
})

test('a resolver that does not answer within 2 s counts as one that does not know', async () => {
  const guard = createAddressGuard({ allow: [], lookup: () => new Promise(() => {}) })
  const start = performance.now()
  expect(await guard.checkUrl('https://slow.example/')).toMatchObject({ ok: true })
  expect(performance.now() - start).toBeGreaterThan(1_900)
  expect(performance.now() - start).toBeLessThan(15_000)
})

test('a low port of a name that does not resolve now is refused: an entry permits addresses, and it has none', async () => {
  const url = 'http://later.example:22/'
  for (const entry of ['', '10.0.0.0/8:22', '127.0.0.1/32']) {
    expect(await guardWith({}, settingsWith(entry)).checkUrl(url), entry).toMatchObject(refused)
  }
  const resolved = guardWith({ 'later.example': ['10.0.0.1'] }, settingsWith('10.0.0.0/8:22'))
  expect(await resolved.checkUrl(url)).toMatchObject({ ok: true })
})

test('what stands behind the host may hold an @, or the address of another page', async () => {
  for (const rest of ['/@team', '?to=@team', '#@team', '/http://elsewhere.example']) {
    const url = `http://${PUBLIC}${rest}`
    expect(await guardWith().checkUrl(url), url).toMatchObject({ ok: true })
  }
})

test('the system resolves where no resolver is given', async () => {
  const verdict = await createAddressGuard({ allow: [] }).checkUrl('http://localhost:7250/')
  expect(verdict).toMatchObject({ ...refused, detail: expect.stringContaining(':7250') })
})

function lookup(names: Record<string, readonly string[]>, hostname: string, options: object) {
  const { promise, resolve, reject } = Promise.withResolvers<string | LookupAddress[]>()
  guardWith(names).lookup(443)(hostname, options, (error, found) => (error ? reject(error) : resolve(found)))
  return promise
}

test('the lookup at connection gives every address of a name, or the first, of the family asked for', async () => {
  const names = { 'hook.example': [PUBLIC, PUBLIC_V6] }
  const v4 = { address: PUBLIC, family: 4 }
  const v6 = { address: PUBLIC_V6, family: 6 }
  expect(await lookup(names, 'hook.example', { all: true })).toEqual([v4, v6])
  expect(await lookup(names, 'hook.example', { all: true, family: 6 })).toEqual([v6])
  expect(await lookup(names, 'hook.example', { all: true, family: 'IPv4' })).toEqual([v4])
  expect(await lookup(names, 'hook.example', {})).toEqual(PUBLIC)
})

test('the lookup at connection gives nothing for a name with any address that is refused', async () => {
  const names = { 'hook.example': [PUBLIC, '::1'], 'none.example': [] }
  await expect(lookup(names, 'hook.example', { all: true })).rejects.toThrow(AddressRefused)
  await expect(lookup(names, 'hook.example', { all: true, family: 4 })).rejects.toThrow(AddressRefused)
  await expect(lookup(names, 'none.example', { all: true })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(lookup(names, 'unknown.example', { all: true })).rejects.toMatchObject({ code: 'ENOTFOUND' })
})
