/** What a delivery's next attempt will send. */
import type { Deliveries, Payload } from '../../src/jobs/deliveries.ts'

/** @throws where the delivery is gone. Its slot comes free by itself. */
export async function payloadOf(deliveries: Deliveries, id: string): Promise<Payload> {
  const record = await deliveries.read(id)
  if (!record) throw new Error(`there is no delivery ${id}`)
  const claim = { origin: new URL(record.url).origin, token: 'looks', slots: 64, first: false, pace: 0 }
  const claimed = await deliveries.claim(record, claim)
  if (claimed.verdict !== 'taken') throw new Error(`${id} is ${claimed.verdict}`)
  return claimed.payload
}
