/**
 * The settings: environment variables in, one frozen `Config` out.
 *
 * This is the only file that reads `process.env`. Composition roots (`main.ts` of the supervisor, the API and
 * the workers) call `loadConfig` once; everything else receives the values that it needs.
 */
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'

export type Role = 'admin' | 'uploader' | 'viewer'

/** What the audit log calls callers without a key, the command line, and the service itself: no key's name. */
export const RESERVED_NAMES: readonly string[] = ['anonymous', 'nobody', 'operator', 'service']

export interface ApiKey {
  readonly name: string
  readonly role: Role
  readonly key: string
}

/** An address range that callbacks may reach although it is private; `port` null means any. */
export interface AllowedRange {
  readonly cidr: string
  readonly port: number | null
}

/** So many requests in a window of so many seconds. */
export interface RateLimit {
  readonly points: number
  readonly seconds: number
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Where bytes are kept. */
export type StoragePlace = LocalPlace | S3Place

export interface LocalPlace {
  readonly kind: 'local'
  readonly dir: string
}

export interface S3Place {
  readonly kind: 's3'
  readonly bucket: string
  /** Before every key, with a slash at its end; empty: the whole bucket is ours. */
  readonly prefix: string
  /** Null: AWS itself. */
  readonly endpoint: string | null
  /** Null: what the SDK finds. */
  readonly region: string | null
  /** Null: the SDK looks where it always does (profiles, the role of the machine). */
  readonly credentials: AwsCredentials | null
}

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Durations are in milliseconds, sizes in bytes. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Null: an embedded Redis is started. */
  readonly redisUrl: string | null
  readonly dataDir: string
  readonly storage: StoragePlace
  readonly workers: number
  /** Which of them this process is, from 1; the supervisor numbers them for the log. */
  readonly workerIndex: number
  readonly maxFileSize: number
  readonly maxFiles: number
  /** At once in one API process. */
  readonly maxUploads: number
  /** Bytes a second; 0 for none. */
  readonly minUploadRate: number
  /** Of one key, or of one address without one; null for none. */
  readonly rateLimit: RateLimit | null
  /** Event streams of one key at once in one API process. */
  readonly maxStreams: number
  /** CIDRs of proxies whose forwarded headers are believed. */
  readonly trustProxy: readonly string[]
  readonly attempts: number
  readonly stageTimeout: number
  readonly apiKeys: readonly ApiKey[]
  readonly webhookSecret: string | null
  readonly webhookAllow: readonly AllowedRange[]
  /** Attempts at one origin at once, over all workers. */
  readonly webhookSlots: number
  /** Null: callbacks go straight to their receivers. User name and password are the proxy's. */
  readonly webhookProxy: string | null
  readonly pseudonyms: boolean
  readonly retention: number
  readonly draftTtl: number
  readonly janitorInterval: number
  readonly storageReserve: number
  /** Most bytes stored; null for as many as there is room for. */
  readonly storageQuota: number | null
  readonly attachTimeout: number
  /** Media types in lower case, `text/*` among them; null lets in any. */
  readonly allowedTypes: readonly string[] | null
  /** Null: files are not scanned for viruses. */
  readonly clamd: { readonly host: string; readonly port: number } | null
  readonly archive: {
    readonly size: number
    readonly ratio: number
    readonly depth: number
    readonly members: number
  }
  readonly logLevel: LogLevel
  readonly logFormat: 'text' | 'json'
}

/** A setting that cannot be used. Its message is one sentence that names the variable; nothing else is shown. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads and checks every setting.
 *
 * @throws ConfigError naming the first variable whose value is wrong.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const read = <T>(name: string, fallback: string, parse: (text: string) => T): T => {
    const text = env[name]?.trim() || fallback
    try {
      return parse(text)
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause
      throw new ConfigError(`${name} is "${text}", but ${(cause as Error).message}.`, { cause })
    }
  }
  const optional = <T>(name: string, parse: (text: string) => T): T | null =>
    env[name]?.trim() ? read(name, '', parse) : null

  const dataDir = read('SLUICE_DATA_DIR', './data', text => resolve(text))
  const aws = {
    region: env.AWS_REGION?.trim(),
    accessKeyId: env.AWS_ACCESS_KEY_ID?.trim(),
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY?.trim(),
    sessionToken: env.AWS_SESSION_TOKEN?.trim(),
  }
  const endpoint = optional('SLUICE_S3_ENDPOINT', s3Endpoint)
  const config: Config = {
    host: read('HOST', '127.0.0.1', nonEmpty),
    port: read('PORT', '3000', integer(0, 65_535)),
    redisUrl: optional('REDIS_URL', redisUrl),
    dataDir,
    storage: read('SLUICE_STORAGE', 'local', (text): StoragePlace => {
      if (text === 'local') return { kind: 'local', dir: resolve(dataDir, 'storage') }
      return { kind: 's3', ...bucketAndPrefix(text), endpoint, ...awsSettings(aws) }
    }),
    workers: read('SLUICE_WORKERS', String(availableParallelism()), integer(0, 1_024)),
    workerIndex: read('SLUICE_WORKER_INDEX', '1', integer(1, 1_024)),
    maxFileSize: read('SLUICE_MAX_FILE_SIZE', '5GiB', sizeAboveZero),
    maxFiles: read('SLUICE_MAX_FILES', '100', integer(1, 10_000)),
    minUploadRate: read('SLUICE_MIN_UPLOAD_RATE', '1KiB', size),
    maxUploads: read('SLUICE_MAX_UPLOADS', '1000', integer(1, 100_000)),
    rateLimit: read('SLUICE_RATE_LIMIT', '600/min', rateLimit),
    maxStreams: read('SLUICE_MAX_STREAMS', '500', integer(1, 100_000)),
    trustProxy: optional('SLUICE_TRUST_PROXY', cidrs) ?? [],
    attempts: read('SLUICE_ATTEMPTS', '3', integer(1, 100)),
    stageTimeout: read('SLUICE_STAGE_TIMEOUT', '1h', timer),
    apiKeys: optional('SLUICE_API_KEYS', apiKeys) ?? [],
    webhookSecret: optional('SLUICE_WEBHOOK_SECRET', webhookSecret),
    webhookAllow: optional('SLUICE_WEBHOOK_ALLOW', allowedRanges) ?? [],
    webhookSlots: read('SLUICE_WEBHOOK_SLOTS', '64', integer(1, 1_024)),
    webhookProxy: optional('SLUICE_WEBHOOK_PROXY', proxyUrl),
    pseudonyms: read('SLUICE_PSEUDONYMS', 'false', boolean),
    retention: read('SLUICE_RETENTION', '7d', duration),
    draftTtl: read('SLUICE_DRAFT_TTL', '24h', duration),
    janitorInterval: read('SLUICE_JANITOR_INTERVAL', '60s', timer),
    storageReserve: read('SLUICE_STORAGE_RESERVE', '1GiB', size),
    storageQuota: optional('SLUICE_STORAGE_QUOTA', sizeAboveZero),
    attachTimeout: read('SLUICE_ATTACH_TIMEOUT', '1h', timer),
    allowedTypes: optional('SLUICE_ALLOWED_TYPES', mediaTypes),
    clamd: optional('SLUICE_CLAMD', hostAndPort),
    archive: {
      size: read('SLUICE_ARCHIVE_SIZE', '20GiB', size),
      ratio: read('SLUICE_ARCHIVE_RATIO', '200', integer(1, 1_000_000)),
      depth: read('SLUICE_ARCHIVE_DEPTH', '3', integer(0, 100)),
      members: read('SLUICE_ARCHIVE_MEMBERS', '10000', integer(1, 1_000_000)),
    },
    logLevel: read('SLUICE_LOG_LEVEL', 'info', oneOf(LOG_LEVELS)),
    logFormat: read('SLUICE_LOG_FORMAT', 'text', oneOf(['text', 'json'] as const)),
  }
  if (config.apiKeys.length === 0 && !isLoopbackHost(config.host)) {
    throw new ConfigError(
      `HOST is "${config.host}", but without SLUICE_API_KEYS anybody who reaches that address could use the service: set SLUICE_API_KEYS (name:role:key), or leave HOST at 127.0.0.1.`,
    )
  }
  return deepFreeze(config)
}

/** True for `localhost`, `*.localhost` and any spelling of a loopback address, with or without brackets. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback'
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}
const SECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 }

function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text)
  const unit = match && UNITS[match[2]!.toUpperCase()]
  if (!match || unit === undefined || unit === null)
    throw new Error('a size is wanted, such as 512MiB or 5GiB')
  return Math.round(Number(match[1]) * unit)
}

function sizeAboveZero(text: string): number {
  const bytes = size(text)
  if (bytes < 1) throw new Error('a size above zero is wanted')
  return bytes
}

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text)
  if (!match) throw new Error('a duration is wanted, such as 500ms, 30s, 15m, 24h or 7d')
  const milliseconds = Math.round(Number(match[1]) * SECONDS[match[2]!]!)
  if (milliseconds < 1) throw new Error('a duration above zero is wanted')
  return milliseconds
}

/** A duration that a timer waits for: above 2³¹ − 1 ms Node's would fire at once. */
function timer(text: string): number {
  const milliseconds = duration(text)
  if (milliseconds > 2 ** 31 - 1) throw new Error('at most 24d is wanted')
  return milliseconds
}

function integer(least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new Error(`a whole number from ${least} to ${most} is wanted`)
    }
    return value
  }
}

function boolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('true or false is wanted')
  return text === 'true'
}

function oneOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return text => {
    const word = words.find(each => each === text)
    if (word === undefined) throw new Error(`one of ${words.join(', ')} is wanted`)
    return word
  }
}

function nonEmpty(text: string): string {
  if (/\s/.test(text)) throw new Error('a host name or address is wanted')
  return text
}

/** `unix:///path` is how the supervisor tells its own processes where the embedded Redis listens. */
function redisUrl(text: string): string {
  if (!URL.canParse(text) || !['redis:', 'rediss:', 'unix:'].includes(new URL(text).protocol)) {
    // Not repeated: it may hold a password.
    throw new ConfigError('REDIS_URL is not a URL that starts with redis:// or rediss://.')
  }
  return text
}

/** The names that S3 allows; a prefix of what needs no escape anywhere. */
function bucketAndPrefix(text: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[A-Za-z0-9_.-]+)*)\/?$/.exec(text)
  const [, bucket, path = ''] = match ?? []
  const segments = path.split('/').slice(1)
  if (!bucket || path.length > 500 || segments.some(segment => /^\.+$/.test(segment)))
    throw new Error('"local" is wanted, or s3://bucket or s3://bucket/prefix')
  return { bucket, prefix: segments.map(segment => `${segment}/`).join('') }
}

function s3Endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  // Not repeated: it may hold a password.
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password) {
    throw new ConfigError(
      'SLUICE_S3_ENDPOINT is not a URL that starts with http:// or https:// and holds no user name.',
    )
  }
  if (url.search || url.hash) throw new Error('a URL without a query is wanted')
  return url.href.replace(/\/$/, '')
}

/** Never repeated: it may hold a password. */
function proxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const wanted = url && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/'
  if (!wanted || url.search || url.hash || !isPercentEncoded(`${url.username}${url.password}`)) {
    throw new ConfigError(
      'SLUICE_WEBHOOK_PROXY is not the URL of a proxy, such as http://proxy:3128 or http://name:password@proxy:3128.',
    )
  }
  return url.href
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** None of the values is repeated: they are secrets, or may be secrets in the wrong place. */
function awsSettings(
  aws: Readonly<Record<'region' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken', string | undefined>>,
): Pick<S3Place, 'region' | 'credentials'> {
  const { region, accessKeyId, secretAccessKey, sessionToken } = aws
  if (region && !/^[a-z0-9-]{1,64}$/i.test(region))
    throw new ConfigError('AWS_REGION is not the name of a region, such as eu-central-1.')
  if (accessKeyId && !secretAccessKey)
    throw new ConfigError('AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both or neither.')
  if (secretAccessKey && !accessKeyId)
    throw new ConfigError('AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not: set both or neither.')
  if (sessionToken && !accessKeyId)
    throw new ConfigError('AWS_SESSION_TOKEN is set, but AWS_ACCESS_KEY_ID is not: set both or neither.')
  for (const [name, value] of [
    ['AWS_ACCESS_KEY_ID', accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secretAccessKey],
    ['AWS_SESSION_TOKEN', sessionToken],
  ] as const) {
    if (value && /[^\x21-\x7e]/.test(value))
      throw new ConfigError(`${name} holds a character that no such value has.`)
  }
  return {
    region: region || null,
    credentials:
      accessKeyId && secretAccessKey
        ? { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
        : null,
  }
}

function apiKeys(text: string): ApiKey[] {
  const keys = text.split(',').map((entry): ApiKey => {
    const [, name, role, key] = /^([^:\s]{1,64}):(admin|uploader|viewer):(\S+)$/.exec(entry.trim()) ?? []
    // The entry itself is not repeated: it may hold a secret, and this sentence is logged.
    if (!name || !role || !key)
      throw new ConfigError(
        'an entry of SLUICE_API_KEYS is not of the form name:role:key with the role admin, uploader or viewer.',
      )
    if (RESERVED_NAMES.includes(name))
      throw new ConfigError(`SLUICE_API_KEYS gives a key the name "${name}", which is kept for who has none.`)
    if (key.length < 16)
      throw new ConfigError(`the key named "${name}" in SLUICE_API_KEYS is shorter than 16 characters.`)
    return { name, role: role as Role, key }
  })
  for (const [index, { name, key }] of keys.entries()) {
    if (keys.findIndex(other => other.name === name) !== index)
      throw new ConfigError(`SLUICE_API_KEYS has two keys named "${name}".`)
    if (keys.findIndex(other => other.key === key) !== index)
      throw new ConfigError(`SLUICE_API_KEYS gives "${name}" a key that another name has too.`)
  }
  return keys
}

/** Standard Webhooks: `whsec_` and 24 to 64 random bytes in base64. */
function webhookSecret(text: string): string {
  const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text.slice(6), 'base64').length : 0
  if (bytes < 24 || bytes > 64) {
    throw new ConfigError('SLUICE_WEBHOOK_SECRET is not "whsec_" followed by 24 to 64 bytes in base64.')
  }
  return text
}

const WINDOWS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 }

function rateLimit(text: string): RateLimit | null {
  if (text === 'none') return null
  const [, points, window] = /^(\d{1,9})\/(s|min|h)$/.exec(text) ?? []
  if (!points || !window || Number(points) < 1)
    throw new Error('a rate is wanted, such as 600/min or 20/s, or none')
  return { points: Number(points), seconds: WINDOWS[window]! }
}

function cidrs(text: string): string[] {
  return text.split(',').map(entry => {
    const cidr = entry.trim()
    // isIP first: ipaddr.js would read 10/8 as 0.0.0.10/8, and 010.0.0.1 as octal.
    if (!isIP(cidr.replace(/\/\d{1,3}$/, '')) || !ipaddr.isValidCIDR(cidr))
      throw new Error(`"${cidr}" is not a CIDR such as 10.1.0.0/16 or ::1/128`)
    return cidr
  })
}

function allowedRanges(text: string): AllowedRange[] {
  return text.split(',').map(entry => {
    const match = /^\[?([0-9A-Fa-f:.]+?)\]?\/(\d{1,3})\]?(?::(\d{1,5}))?$/.exec(entry.trim())
    const cidr = match && `${match[1]}/${match[2]}`
    // isIP first: ipaddr.js would read 10/8 as 0.0.0.10/8, and 010.0.0.1 as octal.
    if (!match || !cidr || !isIP(match[1]!) || !ipaddr.isValidCIDR(cidr))
      throw new Error(`"${entry.trim()}" is not a CIDR such as 10.1.0.0/16 or 127.0.0.1/32:7250`)
    return { cidr, port: match[3] === undefined ? null : integer(1, 65_535)(match[3]) }
  })
}

/** RFC 6838's names; of a pattern only a whole family, `image/*`. */
function mediaTypes(text: string): string[] {
  return text.split(',').map(entry => {
    const type = entry.trim().toLowerCase()
    if (!/^[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/.test(type))
      throw new Error(`"${entry.trim()}" is not a media type such as text/* or application/gzip`)
    return type
  })
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, bracketed, name, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? name
  if (!host || !port || (bracketed && isIP(bracketed) !== 6))
    throw new Error('a host and a port are wanted, such as 127.0.0.1:3310')
  return { host, port: integer(1, 65_535)(port) }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
