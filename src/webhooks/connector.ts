/** The guard at work: how deliveries open their connections, and what that takes. */
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { type AddressGuard, bareHost, portOf } from './address.ts'
import type { Phases } from './phases.ts'
import { openTunnel } from './tunnel.ts'

/** As undici's connectors, and told of whose connection it is to keep the times. */
export type GuardedConnector = (
  target: buildConnector.Options,
  callback: buildConnector.Callback,
  phases: Phases,
) => void

/**
 * A connector for undici that asks the guard about every connection it opens. One that is kept alive and used again
 * was asked about when it was opened: it still leads to the same address.
 *
 * @param timeoutMs the longest that resolving and connecting may take. @param proxy what connections lead through;
 * null: nothing.
 */
export function createGuardedConnector(
  guard: AddressGuard,
  timeoutMs: number,
  proxy: URL | null,
): GuardedConnector {
  // Sessions are not cached; deliveries to one receiver share connections instead.
  const settings = { timeout: timeoutMs, allowH2: false, maxCachedSessions: 0 }

  return (target, callback, phases) => {
    const host = bareHost(target.hostname)
    const port = portOf(target.protocol, target.port)
    const connected: buildConnector.Callback = (...outcome) => {
      phases.end('connect')
      callback(...outcome)
    }
    const lookup = timed(guard.lookup(port), phases)
    // net and tls resolve names only: an address goes to the socket without a lookup. undici takes what is thrown
    // here for a failed connection.
    if (isIP(host)) {
      guard.checkLiteral(host, port)
      phases.begin('connect')
    }
    if (proxy === null) {
      // Built for each connection because a lookup is not told the port.
      buildConnector({ ...settings, lookup })(target, connected)
      return
    }
    // By its checked address, never by its name: what the proxy would make of that, nobody here can tell.
    const tunnel = isIP(host)
      ? openTunnel(proxy, [host], port, timeoutMs)
      : addressesOf(host, lookup).then(found => openTunnel(proxy, found, port, timeoutMs))
    tunnel.then(
      socket => {
        if (target.protocol === 'https:') {
          buildConnector(settings)({ ...target, httpSocket: socket }, connected)
        } else connected(null, socket)
      },
      error => connected(error, null),
    )
  }
}

/** A lookup after whose end the connection begins. */
function timed(lookup: LookupFunction, phases: Phases): LookupFunction {
  return (hostname, options, callback) => {
    phases.begin('dns')
    lookup(hostname, options, (error, ...found) => {
      phases.end('dns')
      if (error === null) phases.begin('connect')
      callback(error, ...found)
    })
  }
}

function addressesOf(host: string, lookup: LookupFunction): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => {
      if (error) reject(error)
      else resolve([found].flat().map(each => (typeof each === 'string' ? each : each.address)))
    })
  })
}
