/** Connections through a proxy: `CONNECT`, for https and http alike, so that the proxy is told an address and no name. */
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { isIPv6, type Socket } from 'node:net'
import { bareHost, portOf } from './address.ts'

/** The proxy is away, or does not let through. The message is a sentence that names neither its URL nor its password. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure'
}

/**
 * @param addresses of the receiver; those that follow are tried where the proxy can't reach the first.
 * @param timeoutMs for each. @throws ProxyFailure of the last.
 */
export async function openTunnel(
  proxy: URL,
  addresses: readonly string[],
  port: number,
  timeoutMs: number,
): Promise<Socket> {
  let failure: unknown
  for (const address of addresses) {
    try {
      return await connectBy(
        proxy,
        isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`,
        timeoutMs,
      )
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function connectBy(proxy: URL, authority: string, timeoutMs: number): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? secure : plain
  return new Promise((resolve, reject) => {
    const asking = request({
      host: bareHost(proxy.hostname),
      port: portOf(proxy.protocol, proxy.port),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...credentialsOf(proxy) },
      agent: false,
    })
    const timer = setTimeout(
      () => asking.destroy(new ProxyFailure('The proxy made no connection in time.')),
      timeoutMs,
    )
    asking.once('connect', ({ statusCode }, socket) => {
      clearTimeout(timer)
      if (statusCode === 200) return resolve(socket as Socket)
      socket.destroy()
      reject(new ProxyFailure(`The proxy answered ${statusCode} and made no connection.`))
    })
    // A proxy that takes CONNECT for any other request answers like this.
    asking.once('response', answer => {
      clearTimeout(timer)
      answer.destroy()
      reject(new ProxyFailure(`The proxy answered ${answer.statusCode} and made no connection.`))
    })
    asking.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (error instanceof ProxyFailure) reject(error)
      else reject(new ProxyFailure(`The proxy could not be used (${error.code ?? error.name}).`))
    })
    asking.end()
  })
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` }
}
