/** The guard at work: how deliveries open their connections. */
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import { type AddressGuard, bareHost, portOf } from './address.ts'

/**
 * A connector for undici that asks the guard about every connection it opens. One that is kept alive and used again
 * was asked about when it was opened: it still leads to the same address.
 *
 * @param timeoutMs the longest that resolving and connecting may take.
 */
export function createGuardedConnector(guard: AddressGuard, timeoutMs: number): buildConnector.connector {
  return (target, callback) => {
    const host = bareHost(target.hostname)
    const port = portOf(target.protocol, target.port)
    // net and tls resolve names only: an address goes to the socket without a lookup. undici takes what is thrown
    // here for a failed connection.
    if (isIP(host)) guard.checkLiteral(host, port)
    // Built for each connection because a lookup is not told the port. Sessions are not cached then; deliveries to
    // one receiver share connections instead.
    const connect = buildConnector({
      lookup: guard.lookup(port),
      timeout: timeoutMs,
      allowH2: false,
      maxCachedSessions: 0,
    })
    connect(target, callback)
  }
}
