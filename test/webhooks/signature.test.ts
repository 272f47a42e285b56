import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { createSecret, sign } from '../../src/webhooks/signature.ts'

const body = JSON.stringify({ type: 'job.completed', data: { name: 'Grüße 日本 🎉.log' } })
const now = () => Math.floor(Date.now() / 1_000)

test('a secret is whsec_ and 32 random bytes, never the same twice, and the settings take it', () => {
  const secret = createSecret()
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(createSecret()).not.toBe(secret)
  expect(loadConfig({ SLUICE_WEBHOOK_SECRET: secret }).webhookSecret).toBe(secret)
})

test('the verifier of Standard Webhooks accepts the signature', () => {
  const secret = createSecret()
  const headers = sign({ id: 'msg_1', timestamp: now(), body, secrets: [secret] })
  expect(new Webhook(secret).verify(body, { ...headers })).toEqual(JSON.parse(body))
})

test('the signature is the one that the reference implementation makes', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const headers = sign({ id: 'msg_1', timestamp: 1_700_000_000, body, secrets: [secret] })
  expect(headers).toEqual({
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': new Webhook(secret).sign('msg_1', new Date(1_700_000_000_000), body),
  })
})

test('with several secrets the holder of any one can verify, and nobody else', () => {
  const [older, newer, other] = [createSecret(), createSecret(), createSecret()]
  const headers = sign({ id: 'msg_1', timestamp: now(), body, secrets: [newer, older] })
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
  expect(new Webhook(older).verify(body, { ...headers })).toBeDefined()
  expect(new Webhook(newer).verify(body, { ...headers })).toBeDefined()
  expect(() => new Webhook(other).verify(body, { ...headers })).toThrow()
})

test('another id, time or body does not verify', () => {
  const secret = createSecret()
  const webhook = new Webhook(secret)
  const headers = sign({ id: 'msg_1', timestamp: now(), body, secrets: [secret] })
  expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow()
  expect(() => webhook.verify(body, { ...headers, 'webhook-timestamp': String(now() - 60) })).toThrow()
  expect(() => webhook.verify(`${body} `, { ...headers })).toThrow()
})

test.each([[[]], [['whsec_']], [['c2VjcmV0']], [[createSecret(), '']]])(
  'nothing is signed without a good secret, and the error does not repeat it: %j',
  secrets => {
    expect(() => sign({ id: 'msg_1', timestamp: now(), body, secrets })).toThrow(/^(?!.*c2VjcmV0).*secret/)
  },
)
