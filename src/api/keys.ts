/** `/api/keys`: making and revoking API keys at run time. Those of `SLUICE_API_KEYS` are listed along. */
import { z } from 'zod'
import { RESERVED_NAMES } from '../config.ts'
import { type CreateRefusal, KEY_NAME } from '../jobs/api-keys.ts'
import { instant } from '../jobs/record.ts'
import { ADMINS, EVERYONE } from './callers.ts'
import { by } from './client.ts'
import { endpoint, pointerTo } from './endpoint.ts'
import type { KnownKey } from './key-ring.ts'
import { invalid, notFound, Problem, unauthenticated } from './problems.ts'
import { ApiKeyList, NewApiKey } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

const KeyRequest = z.strictObject({
  name: z
    .string()
    .regex(KEY_NAME, 'a name of up to 64 letters, digits and ._@- is wanted')
    .refine(name => !RESERVED_NAMES.includes(name), 'this name is kept for who has no key'),
  role: z.enum(EVERYONE),
})

export function keyEndpoints({ apiKeys, keyRing }: Services) {
  const one = { path: '/api/keys', tag: 'Access', roles: ADMINS } as const
  return [
    endpoint({
      ...one,
      id: 'listKeys',
      method: 'get',
      summary: 'The API keys, without the keys themselves',
      answers: { 200: { description: 'By name.', schema: ApiKeyList } },
      async handle() {
        // Also what another process has just made.
        await keyRing.changed()
        const used = await apiKeys.lastUsed()
        const items = keyRing.all().map(key => viewKey(key, used[key.id]))
        return json(200, { items: items.sort((one, other) => (one.name < other.name ? -1 : 1)) })
      },
    }),

    endpoint({
      ...one,
      id: 'createKey',
      method: 'post',
      summary: 'Make an API key; it is shown this once',
      json: KeyRequest,
      answers: { 201: { description: 'With the key.', schema: NewApiKey } },
      async handle(asked) {
        const { name, role } = asked.body as z.output<typeof KeyRequest>
        if (keyRing.hasInEnvironment(name)) throw refused('name-taken')
        const rules = { first: asked.caller.by === 'none', adminElsewhere: keyRing.hasAdminInEnvironment }
        const made = await apiKeys.create({ name, role }, by(asked), rules)
        if ('refused' in made) throw refused(made.refused)
        await keyRing.changed()
        const { id, createdAt } = made.stored
        return json(201, { ...viewKey({ id, name, role, createdAt, source: 'run-time' }), key: made.key })
      },
    }),

    endpoint({
      ...one,
      id: 'revokeKey',
      method: 'delete',
      path: '/api/keys/{id}',
      summary: 'Revoke an API key: it, its sessions and its streams end at once',
      answers: { 204: { description: 'It is good no more.' } },
      problems: ['not-found'],
      async handle(asked) {
        const id = asked.param('id')
        if (keyRing.all().some(key => key.id === id && key.source === 'environment')) {
          throw new Problem(
            'forbidden',
            'This key comes from SLUICE_API_KEYS: take it out there, and restart.',
          )
        }
        const answer = await apiKeys.revoke(id, by(asked), !keyRing.hasAdminInEnvironment)
        if (answer === 'gone') throw notFound('API key')
        if (answer === 'last-admin') {
          throw new Problem(
            'forbidden',
            'This is the last key of an admin: make another first, or revoke it with npm run key.',
          )
        }
        await keyRing.changed()
        return new Response(null, { status: 204 })
      },
    }),
  ]
}

function viewKey(
  { id, name, role, source, createdAt }: Pick<KnownKey, 'id' | 'name' | 'role' | 'source' | 'createdAt'>,
  usedAt?: string,
) {
  return {
    id,
    name,
    role,
    source,
    createdAt: createdAt === null ? null : instant(createdAt),
    lastUsedAt: usedAt === undefined ? null : instant(Number(usedAt)),
  }
}

function refused(code: CreateRefusal): Problem {
  switch (code) {
    case 'name-taken':
      return invalid(pointerTo(['name'], 'another key has this name'))
    case 'admin-first':
      return invalid(pointerTo(['role'], "the first key must be an admin's, or nobody could make another"))
    case 'too-many':
      return invalid(pointerTo([], 'there are 1,000 keys already: revoke one first'))
    case 'not-first':
      return unauthenticated('There is a key by now: send one.')
  }
}
