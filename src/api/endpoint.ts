/**
 * One declaration an operation. The same object checks requests and stands in the OpenAPI document, so that what is
 * said and what is done cannot drift apart.
 */
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Role } from '../config.ts'
import { quality } from './accept.ts'
import { bodyMedia, readJson } from './body.ts'
import { type Caller, NOBODY } from './callers.ts'
import type { Client } from './client.ts'
import { type Fault, invalid, notFound, Problem, type ProblemCode, unauthenticated } from './problems.ts'

export interface Env {
  /** Absent in requests that did not come over a socket. */
  Bindings: Partial<HttpBindings>
  Variables: {
    requestId: string
    /** Null where a key is needed and none was given. */
    caller: Caller | null
    /** Where the request comes from. */
    client: Client
    /** The path's template, for metrics; never the path itself, which would make a series each. */
    route: string
  }
}

export interface Answer {
  readonly description: string
  /** Of a JSON body; absent where there is none, or it is not JSON. */
  readonly schema?: z.ZodType
  /** Media types, where it may be something else than JSON; a wildcard for any. */
  readonly types?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked<Query, Body> {
  readonly c: Context<Env>
  readonly caller: Caller
  readonly requestId: string
  /** A parameter of the path. */
  param(name: string): string
  readonly query: Query
  /** The JSON body; `multipart` where the request brings that instead, unread. */
  readonly body: Body | 'multipart'
}

export interface Endpoint {
  readonly id: string
  readonly method: 'get' | 'head' | 'options' | 'post' | 'patch' | 'delete'
  /** With `{name}` for parameters; `{name*}` may hold slashes. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** Who may; `public` needs no key. */
  readonly roles: readonly Role[] | 'public'
  readonly query?: z.ZodType
  readonly json?: z.ZodType
  /** No body at all is then an empty object. */
  readonly bodyOptional?: boolean
  /** Fields that come beside the `files` of a multipart body. */
  readonly multipart?: z.ZodType
  /** Headers that it heeds, with what they do. */
  readonly heeds?: Readonly<Record<string, string>>
  readonly answers: Readonly<Record<number, Answer>>
  /** What it may refuse with; with a status where that is not the code's own. */
  readonly problems?: readonly (ProblemCode | readonly [code: ProblemCode, status: number])[]
  handle(asked: Asked<never, never>): Promise<Response> | Response
}

/** Declares an endpoint; the schemas give the handler its types. */
export function endpoint<Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined>(
  declared: Omit<Endpoint, 'query' | 'json' | 'handle'> & {
    readonly query?: Query
    readonly json?: Body
    handle(asked: Asked<z.output<Query>, z.output<Body>>): Promise<Response> | Response
  },
): Endpoint {
  return declared as unknown as Endpoint
}

/** What ids look like: others have none of their kind, and must not become parts of keys. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/

/** Its path as Hono writes it. */
export function routePath({ path }: Pick<Endpoint, 'path'>): string {
  return path.replace(/\{(\w+)\*\}/g, ':$1{.+}').replace(/\{(\w+)\}/g, ':$1')
}

export function register(app: Hono<Env>, declared: Endpoint): void {
  const ids = [...declared.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const path = routePath(declared)
  const types = Object.values(declared.answers).flatMap(({ schema, types = [] }) => [
    ...(schema ? ['application/json'] : []),
    ...types,
  ])
  const anything = types.length === 0 || types.includes('*/*')
  // Hono looks for what answers a HEAD among what answers a GET.
  const head = declared.method === 'head'
  app.on(head ? 'GET' : declared.method.toUpperCase(), path, async (c, next) => {
    if (head && c.req.method !== 'HEAD') return next()
    c.set('route', declared.path)
    const caller = admit(c, declared.roles)
    if (!ids.every(name => ID.test(c.req.param(name) ?? ''))) throw notFound('thing')
    const accept = c.req.header('accept')
    if (accept !== undefined && !anything && !types.some(type => quality(accept, type) > 0)) {
      throw new Problem('not-acceptable', `This is answered as ${types.join(' or ')}.`)
    }
    const asked: Asked<unknown, unknown> = {
      c,
      caller,
      requestId: c.get('requestId'),
      param: name => c.req.param(name) ?? '',
      query: parseQuery(c, declared.query),
      body: await parseBody(c, declared),
    }
    return declared.handle(asked as Asked<never, never>)
  })
}

/** @throws Problem `unauthenticated`, `forbidden`. */
export function admit(c: Context<Env>, roles: Endpoint['roles']): Caller {
  const caller = c.get('caller')
  if (roles === 'public') return caller ?? NOBODY
  if (!caller) throw unauthenticated()
  if (!roles.includes(caller.role)) {
    throw new Problem('forbidden', `The role "${caller.role}" may not do this.`)
  }
  return caller
}

function parseQuery(c: Context<Env>, schema: z.ZodType | undefined): unknown {
  const given = c.req.url.includes('?')
    ? Object.entries(c.req.queries()).map(([name, values]) => [
        name,
        values.length === 1 ? values[0] : values,
      ])
    : []
  if (schema) {
    return check(schema, Object.fromEntries(given), (path, message) => ({
      parameter: path[0] === undefined ? '?' : String(path[0]),
      message,
    }))
  }
  if (given.length > 0) {
    throw invalid(
      ...given.map(([name]) => ({ parameter: String(name), message: 'there is no such parameter' })),
    )
  }
  return undefined
}

async function parseBody(c: Context<Env>, declared: Endpoint): Promise<unknown> {
  if (!declared.json && !declared.multipart) return undefined
  if (declared.bodyOptional && !hasBody(c)) return check(declared.json!, {}, pointerTo)
  const media = bodyMedia(c.req.header('content-type'))
  if (media === 'multipart' && declared.multipart) return 'multipart'
  if (media === 'json' && declared.json) return check(declared.json, await readJson(c), pointerTo)
  const wanted = [declared.multipart && 'multipart/form-data', declared.json && 'application/json']
  throw new Problem('unsupported-media-type', `This takes ${wanted.filter(Boolean).join(' or ')}.`)
}

function hasBody(c: Context<Env>): boolean {
  return Number(c.req.header('content-length') ?? 0) > 0 || c.req.header('transfer-encoding') !== undefined
}

/** Into a body, form or JSON. */
export function pointerTo(path: readonly PropertyKey[], message: string): Fault {
  const pointer = path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  return { pointer, message }
}

/** @throws Problem `invalid-request` that names everything a schema objects to. */
export function check<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: (path: readonly PropertyKey[], message: string) => Fault,
): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalid(
    ...result.error.issues.flatMap(issue =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map(key => at([...issue.path, key], 'there is no such thing here'))
        : [at(issue.path, issue.message)],
    ),
  )
}
