import { createServer } from 'node:net'

/** The service cannot listen where it is told to. Its message is one sentence. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const SENTENCES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `Port ${port} on ${host} is in use: stop what listens there, or set PORT.`,
  EACCES: (host, port) => `Port ${port} on ${host} is not for ordinary users: set PORT to one above 1023.`,
  EADDRNOTAVAIL: host => `HOST is "${host}", which is no address of this machine.`,
  ENOTFOUND: host => `HOST is "${host}", which does not resolve.`,
}

/**
 * Found out before anything is started, so that nothing has to be stopped again.
 *
 * @throws ListenError
 */
export async function expectListenable(host: string, port: number): Promise<void> {
  if (port === 0) return
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
    await new Promise(resolve => server.close(resolve))
  } catch (cause) {
    const sentence = SENTENCES[(cause as NodeJS.ErrnoException).code ?? '']
    if (!sentence) throw cause
    throw new ListenError(sentence(host, port), { cause })
  }
}
