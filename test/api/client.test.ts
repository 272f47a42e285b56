/** Who a request comes from, behind proxies that are trusted and before those that are not. */
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createClients } from '../../src/api/client.ts'

const request = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({
    socket: { remoteAddress },
    headers: { host: 'sluice.internal', ...headers },
  }) as unknown as IncomingMessage
const forwarded = (xff: string, more: Record<string, string> = {}) => ({ 'x-forwarded-for': xff, ...more })

describe('without a trusted proxy', () => {
  const clientOf = createClients([])

  test('nothing that a request says about itself is believed', () => {
    const headers = forwarded('1.2.3.4', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' })
    expect(clientOf(request('127.0.0.1', headers))).toEqual({
      address: '127.0.0.1',
      secure: false,
      host: 'sluice.internal',
    })
  })

  test('an IPv4 address is told as such, also where it came by IPv6', () => {
    expect(clientOf(request('::ffff:192.0.2.7')).address).toBe('192.0.2.7')
    expect(clientOf(request('fe80::1%eth0')).address).toBe('fe80::1')
  })
})

describe('behind trusted proxies', () => {
  const clientOf = createClients(['10.0.0.0/8', '::1/128'])

  test('the client is whom the nearest of them had the request from', () => {
    const client = clientOf(
      request(
        '10.0.0.1',
        forwarded('203.0.113.9', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'sluice.example' }),
      ),
    )
    expect(client).toEqual({ address: '203.0.113.9', secure: true, host: 'sluice.example' })
  })

  test('each of several in a row is passed over, and no more than those', () => {
    expect(clientOf(request('10.0.0.1', forwarded('203.0.113.9, 10.9.9.9, 10.0.0.2'))).address).toBe(
      '203.0.113.9',
    )
    expect(clientOf(request('10.0.0.1', forwarded('10.9.9.9'))).address).toBe('10.9.9.9')
    expect(clientOf(request('10.0.0.1')).address).toBe('10.0.0.1')
  })

  test('what a client wrote in front of the list has no effect', () => {
    const headers = forwarded('127.0.0.1, 10.0.0.7, 203.0.113.9', {
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'localhost, sluice.example',
    })
    expect(clientOf(request('10.0.0.1', headers))).toEqual({
      address: '203.0.113.9',
      secure: false,
      host: 'sluice.example',
    })
  })

  test('a request that comes past them is taken for what it is', () => {
    expect(
      clientOf(request('198.51.100.1', forwarded('10.0.0.5', { 'x-forwarded-proto': 'https' }))),
    ).toEqual({
      address: '198.51.100.1',
      secure: false,
      host: 'sluice.internal',
    })
  })

  test.each([
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['unknown', '10.0.0.1'],
    ['203.0.113.9, <script>', '10.0.0.1'],
    ['203.0.113.999', '10.0.0.1'],
    ['0x7f000001', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('of %j the client is %s', (xff, address) => {
    expect(clientOf(request('10.0.0.1', forwarded(xff))).address).toBe(address)
  })

  test('a proxy that comes by IPv6 is known by its IPv4 address', () => {
    expect(clientOf(request('::ffff:10.0.0.1', forwarded('203.0.113.9'))).address).toBe('203.0.113.9')
    expect(clientOf(request('::1', forwarded('203.0.113.9'))).address).toBe('203.0.113.9')
  })
})
