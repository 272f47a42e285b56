/** What the tests of attempts share: a message, somebody who sends it, somebody who gets it. */
import { onTestFinished } from 'vitest'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { createSender, type SenderOptions } from '../../src/webhooks/sender.ts'
import { createSecret } from '../../src/webhooks/signature.ts'
import { type Receiver, type Script, startReceiver } from '../support/receiver.ts'

export const secret = createSecret()
export const body = JSON.stringify({ type: 'job.completed', data: { name: 'Grüße 🎉' } })

/** A receiver that knows the secret; it ends with the test. */
export async function receiving(respond: Script): Promise<Receiver> {
  const receiver = await startReceiver({ respond, secret })
  onTestFinished(() => receiver.close())
  return receiver
}

/** Sends to this receiver, or to another URL; it ends with the test. */
export function sending(to: Receiver, options: Partial<SenderOptions> = {}) {
  const sender = createSender({ guard: createAddressGuard({ allow: [to.allow] }), ...options })
  onTestFinished(() => sender.close())
  return (over: { url?: string; id?: string; signal?: AbortSignal } = {}) =>
    sender.send({
      url: over.url ?? to.url,
      id: over.id ?? 'dlv_1',
      body,
      secrets: [secret],
      signal: over.signal ?? new AbortController().signal,
    })
}
