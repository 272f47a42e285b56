/** The OpenAPI 3.1 document, made from the endpoints' declarations. */
import { z } from 'zod'
import { type Answer, type Endpoint, ID } from './endpoint.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'
import { named, ProblemSchema } from './schemas.ts'

type Json = Record<string, unknown>

const PROBLEM_TYPE = 'application/problem+json'

/** What any endpoint may answer. */
const ALWAYS: readonly ProblemCode[] = ['invalid-request', 'not-acceptable', 'rate-limited', 'internal']
/** And what any may that asks who calls: a session is looked up in Redis. */
const WITH_KEYS: readonly ProblemCode[] = ['unauthenticated', 'forbidden', 'queue-unavailable']

/** And what any may that reads a body of its kind. */
const OF_JSON: readonly ProblemCode[] = [
  'malformed-json',
  'upload-timeout',
  'request-too-large',
  'unsupported-media-type',
]
const OF_FILES: readonly ProblemCode[] = [
  'malformed-multipart',
  'upload-timeout',
  'file-too-large',
  'too-many-files',
  'too-many-fields',
  'field-too-large',
  'request-too-large',
  'unsupported-media-type',
  'no-files',
  'checksum-mismatch',
  'too-many-uploads',
  'storage-unavailable',
  'storage-full',
]

/** What a problem says by a header, too. */
const PROBLEM_HEADERS: { readonly [Code in ProblemCode]?: Readonly<Record<string, string>> } = {
  unauthenticated: { 'WWW-Authenticate': '`Bearer`' },
  'range-not-satisfiable': { 'Content-Range': 'How many bytes there are: `bytes */size`' },
  'idempotency-in-progress': { 'Retry-After': 'Seconds, of `idempotency-in-progress`' },
  'too-many-uploads': { 'Retry-After': 'Seconds' },
  'rate-limited': {
    'Retry-After': 'Seconds',
    RateLimit:
      'What is left of the budget that the request was counted in, and in how many seconds it is whole again; on every answer that was counted',
    'RateLimit-Policy': 'The budget: how many requests in how many seconds',
  },
  'queue-unavailable': { 'Retry-After': 'Seconds' },
  'storage-unavailable': { 'Retry-After': 'Seconds' },
}

/** An endpoint that reads its body by itself says here what it takes, as a form or the same as JSON. */
export type Described = Endpoint & { readonly form?: z.ZodType }

export function describeApi(endpoints: readonly Described[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const each of endpoints) {
    const path = each.path.replaceAll('*}', '}')
    paths[path] = { ...paths[path], [each.method]: describe(each) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description: 'Upload files, have them processed in stages, be called back.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { session: [] }, {}],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map(name => ({ name })),
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'sluice_session' },
      },
    },
  }
}

function describe(each: Described): Json {
  const body = requestBody(each)
  return {
    operationId: each.id,
    tags: [each.tag],
    summary: each.summary,
    ...(each.roles === 'public' ? { security: [] } : { description: `For ${each.roles.join(', ')}.` }),
    parameters: [
      ...pathParameters(each.path),
      ...queryParameters(each.query),
      ...headerParameters(each.heeds ?? {}),
    ],
    ...(body && { requestBody: body }),
    responses: { ...answers(each.answers), ...problems(each) },
  }
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(name !== 'name' && { pattern: ID.source }) },
  }))
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (!query) return []
  const { properties = {}, required = [] } = inputSchema(query) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    // A repeatable parameter is one that may be left out, too.
    required: required.includes(name) && schema.type !== 'array',
    schema,
  }))
}

function headerParameters(heeds: Readonly<Record<string, string>>): Json[] {
  return Object.entries(heeds).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }))
}

function requestBody({ json, bodyOptional, multipart, form }: Described): Json | null {
  if (!json && !multipart && !form) return null
  const content: Record<string, Json> = {}
  if (form) {
    const schema = inputSchema(form)
    content['application/x-www-form-urlencoded'] = { schema }
    content['application/json'] = { schema }
  }
  if (multipart) {
    const schema = inputSchema(multipart) as { properties: Json }
    const files = { type: 'array', items: { type: 'string', format: 'binary' }, minItems: 1 }
    content['multipart/form-data'] = {
      schema: { ...schema, properties: { files, ...schema.properties }, required: ['files'] },
    }
  }
  if (json) content['application/json'] = { schema: inputSchema(json) }
  return { required: !bodyOptional, content }
}

function answers(declared: Readonly<Record<number, Answer>>): Json {
  return Object.fromEntries(
    Object.entries(declared).map(([status, { description, schema, types = [], headers }]) => {
      const content = {
        ...(schema && { 'application/json': { schema: reference(schema) } }),
        ...Object.fromEntries(types.map(type => [type, {}])),
      }
      return [
        status,
        {
          description,
          ...(Object.keys(content).length > 0 && { content }),
          ...(headers && { headers: answerHeaders(headers) }),
        },
      ]
    }),
  )
}

function answerHeaders(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

/** By status, the codes that this endpoint may answer with. */
function problems(each: Described): Json {
  const codes = [
    ...ALWAYS,
    ...(each.roles === 'public' ? [] : WITH_KEYS),
    ...(each.json || each.form ? OF_JSON : []),
    ...(each.multipart ? OF_FILES : []),
    ...(each.problems ?? []),
  ]
  const byStatus: Record<number, ProblemCode[]> = {}
  for (const declared of codes) {
    const [code, status] = typeof declared === 'string' ? [declared, statusOf(declared, each)] : declared
    byStatus[status] = [...new Set([...(byStatus[status] ?? []), code])]
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes]) => {
      const headers = Object.assign({}, ...codes.map(code => PROBLEM_HEADERS[code]))
      return [
        status,
        {
          description: codes.map(code => `\`${code}\``).join(', '),
          ...(Object.keys(headers).length > 0 && { headers: answerHeaders(headers) }),
          content: { [PROBLEM_TYPE]: { schema: reference(ProblemSchema) } },
        },
      ]
    }),
  )
}

function statusOf(code: ProblemCode, each: Endpoint): number {
  return code === 'no-files' && !each.multipart ? 409 : PROBLEMS[code][0]
}

function reference(schema: z.ZodType): Json {
  const id = named.get(schema)?.id
  if (!id) throw new TypeError('an answer has a schema without a name')
  return { $ref: uri(id) }
}

function uri(id: string): string {
  return `#/components/schemas/${id}`
}

function components(): Json {
  const { schemas } = z.toJSONSchema(named, { uri })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  )
}

/** What a client sends, before anything is made of it. */
function inputSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}
