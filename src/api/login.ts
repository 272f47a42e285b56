/** `POST /login`, `POST /logout`: how a browser, which cannot send a bearer key by itself, gets in and out. */
import type { Context } from 'hono'
import { z } from 'zod'
import { bodyMedia, readBody, readJson } from './body.ts'
import { EVERYONE } from './callers.ts'
import { by, clientOf } from './client.ts'
import { check, type Env, endpoint, pointerTo } from './endpoint.ts'
import { Problem, unauthenticated } from './problems.ts'
import type { RateLimits } from './rate-limits.ts'
import { SessionSchema } from './schemas.ts'
import type { Services } from './services.ts'
import type { Sessions } from './sessions.ts'
import { json } from './submission.ts'

const LoginForm = z.object({ key: z.string('the key is missing') })

/** Bytes of what comes with a key; nobody has shown one yet. */
const LARGEST = 16 * 2 ** 10

export function loginEndpoints({ keyRing, audit }: Services, sessions: Sessions, limits: RateLimits) {
  return [
    {
      ...endpoint({
        id: 'logIn',
        method: 'post',
        path: '/login',
        tag: 'Access',
        summary: 'Open a session of a browser, by a key',
        roles: 'public',
        answers: {
          303: {
            description: 'To the web UI, with a session.',
            headers: { Location: '`/`', 'Set-Cookie': 'The session; none where no key is set' },
          },
        },
        problems: ['unauthenticated', 'forbidden', 'queue-unavailable'],
        async handle({ c }) {
          const text = await readKey(c)
          // Without keys there is nothing to prove, and whoever tries is in already.
          if (keyRing.isEmpty) return seeOther('/')
          const { address, secure } = clientOf(c)
          await limits.beginLogin(address)
          const key = await keyRing.find(text)
          if (!key) {
            await audit.record({ actor: 'nobody', address }, 'login', { outcome: 'refused' })
            throw unauthenticated('This key is not known.')
          }
          keyRing.use(key)
          const cookie = await sessions.open(key, secure)
          await audit.record({ actor: key.name, address }, 'login', { target: key.id })
          await limits.loggedIn(address)
          return seeOther('/', cookie)
        },
      }),
      // For the document: forms are read here, by `readKey`.
      form: LoginForm,
    },

    endpoint({
      id: 'logOut',
      method: 'post',
      path: '/logout',
      tag: 'Access',
      summary: 'End the session',
      roles: EVERYONE,
      answers: {
        303: {
          description: 'To the login form, without a session.',
          headers: { Location: '`/login`', 'Set-Cookie': 'Takes the session away' },
        },
      },
      async handle(asked) {
        const { c, caller } = asked
        const cookie = await sessions.close(c.req.header('cookie'), clientOf(c).secure)
        if (caller.by === 'session') await audit.record(by(asked), 'logout')
        return seeOther('/login', cookie)
      },
    }),

    endpoint({
      id: 'getSession',
      method: 'get',
      path: '/api/session',
      tag: 'Access',
      summary: 'Who calls, and with which role',
      roles: EVERYONE,
      answers: { 200: { description: 'By key or by session.', schema: SessionSchema } },
      handle: ({ caller: { name, role, by } }) => json(200, { name, role, keys: by !== 'none' }),
    }),
  ]
}

async function readKey(c: Context<Env>): Promise<string> {
  const media = bodyMedia(c.req.header('content-type'))
  if (media !== 'form' && media !== 'json') {
    throw new Problem('unsupported-media-type', 'Send the key as a form or as JSON.')
  }
  const body: unknown =
    media === 'json'
      ? await readJson(c, LARGEST)
      : Object.fromEntries(new URLSearchParams((await readBody(c, LARGEST)).toString()))
  return check(LoginForm, body, pointerTo).key
}

function seeOther(location: string, cookie?: string): Response {
  const headers = {
    location,
    'cache-control': 'no-store',
    ...(cookie !== undefined && { 'set-cookie': cookie }),
  }
  return new Response(null, { status: 303, headers })
}
