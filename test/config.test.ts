import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, isLoopbackHost, loadConfig } from '../src/config.ts'

const KEY = 'k'.repeat(16)
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

function refusal(environment: Record<string, string>): string {
  try {
    loadConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('accepted')
}

test('with nothing set, it is the defaults of the contract', () => {
  expect(loadConfig({})).toEqual({
    host: '127.0.0.1',
    port: 3000,
    redisUrl: null,
    dataDir: resolve('data'),
    storage: { kind: 'local', dir: resolve('data/storage') },
    workers: availableParallelism(),
    workerIndex: 1,
    maxFileSize: 5 * 2 ** 30,
    maxFiles: 100,
    maxUploads: 1_000,
    minUploadRate: 1_024,
    rateLimit: { points: 600, seconds: 60 },
    maxStreams: 500,
    trustProxy: [],
    attempts: 3,
    stageTimeout: 3_600_000,
    apiKeys: [],
    webhookSecret: null,
    webhookAllow: [],
    webhookProxy: null,
    webhookSlots: 64,
    pseudonyms: false,
    retention: 7 * 86_400_000,
    draftTtl: 86_400_000,
    janitorInterval: 60_000,
    storageReserve: 2 ** 30,
    storageQuota: null,
    attachTimeout: 3_600_000,
    allowedTypes: null,
    clamd: null,
    archive: { size: 20 * 2 ** 30, ratio: 200, depth: 3, members: 10_000 },
    logLevel: 'info',
    logFormat: 'text',
  })
})

test('an empty value counts as not set', () => {
  expect(loadConfig({ PORT: '', REDIS_URL: ' ', SLUICE_API_KEYS: '' })).toEqual(loadConfig({}))
})

test('every setting is read', () => {
  const config = loadConfig({
    PORT: '8080',
    HOST: '0.0.0.0',
    REDIS_URL: 'rediss://user:pass@redis.example:6380/2',
    SLUICE_DATA_DIR: '/var/lib/sluice',
    SLUICE_WORKERS: '0',
    SLUICE_WORKER_INDEX: '4',
    SLUICE_MAX_FILE_SIZE: '1.5 MiB',
    SLUICE_MAX_FILES: '7',
    SLUICE_MAX_UPLOADS: '20',
    SLUICE_MIN_UPLOAD_RATE: '0',
    SLUICE_RATE_LIMIT: '20/s',
    SLUICE_MAX_STREAMS: '9',
    SLUICE_TRUST_PROXY: '10.0.0.0/8, ::1/128',
    SLUICE_ATTEMPTS: '5',
    SLUICE_STAGE_TIMEOUT: '90s',
    SLUICE_API_KEYS: `ann:admin:${KEY}, bob:viewer:${KEY}:with:colons`,
    SLUICE_WEBHOOK_SECRET: SECRET,
    SLUICE_WEBHOOK_ALLOW: '10.1.0.0/16,127.0.0.1/32:7250,[fd00::/8]:443',
    SLUICE_WEBHOOK_SLOTS: '4',
    SLUICE_WEBHOOK_PROXY: 'http://ann:p%40ss@proxy:3128',
    SLUICE_PSEUDONYMS: 'true',
    SLUICE_RETENTION: '36h',
    SLUICE_STORAGE_RESERVE: '0',
    SLUICE_STORAGE_QUOTA: '2TiB',
    SLUICE_ALLOWED_TYPES: 'Text/*, application/vnd.ms-excel',
    SLUICE_CLAMD: '[fd00::1]:3310',
    SLUICE_LOG_LEVEL: 'debug',
    SLUICE_LOG_FORMAT: 'json',
  })
  expect(config).toMatchObject({
    port: 8080,
    host: '0.0.0.0',
    redisUrl: 'rediss://user:pass@redis.example:6380/2',
    dataDir: '/var/lib/sluice',
    storage: { kind: 'local', dir: '/var/lib/sluice/storage' },
    workers: 0,
    workerIndex: 4,
    maxFileSize: 1_572_864,
    maxFiles: 7,
    maxUploads: 20,
    minUploadRate: 0,
    rateLimit: { points: 20, seconds: 1 },
    maxStreams: 9,
    trustProxy: ['10.0.0.0/8', '::1/128'],
    attempts: 5,
    stageTimeout: 90_000,
    apiKeys: [
      { name: 'ann', role: 'admin', key: KEY },
      { name: 'bob', role: 'viewer', key: `${KEY}:with:colons` },
    ],
    webhookSecret: SECRET,
    webhookSlots: 4,
    webhookProxy: 'http://ann:p%40ss@proxy:3128/',
    webhookAllow: [
      { cidr: '10.1.0.0/16', port: null },
      { cidr: '127.0.0.1/32', port: 7250 },
      { cidr: 'fd00::/8', port: 443 },
    ],
    pseudonyms: true,
    retention: 129_600_000,
    storageReserve: 0,
    storageQuota: 2 * 2 ** 40,
    allowedTypes: ['text/*', 'application/vnd.ms-excel'],
    clamd: { host: 'fd00::1', port: 3310 },
    logLevel: 'debug',
    logFormat: 'json',
  })
})

test('nobody can change the settings afterwards', () => {
  const config = loadConfig({ SLUICE_API_KEYS: `ann:admin:${KEY}` })
  expect(
    [config, config.storage, config.archive, config.apiKeys, config.apiKeys[0]].every(Object.isFrozen),
  ).toBe(true)
})

describe('a wrong value is refused with one sentence that names the variable', () => {
  test.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '0x50'],
    ['HOST', 'two words'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost'],
    ['SLUICE_STORAGE', 'nfs'],
    ['SLUICE_STORAGE', 's3:bucket'],
    ['SLUICE_STORAGE', 's3://Bucket'],
    ['SLUICE_STORAGE', 's3://b'],
    ['SLUICE_STORAGE', 's3://bucket//prefix'],
    ['SLUICE_STORAGE', 's3://bucket/../prefix'],
    ['SLUICE_STORAGE', 's3://bucket/a prefix'],
    ['SLUICE_STORAGE', 's3://key:secret@bucket'],
    ['SLUICE_S3_ENDPOINT', 's3.example.com'],
    ['SLUICE_S3_ENDPOINT', 'ftp://s3.example.com'],
    ['SLUICE_S3_ENDPOINT', 'https://s3.example.com/?a=b'],
    ['SLUICE_WORKERS', 'many'],
    ['SLUICE_WORKERS', '1.5'],
    ['SLUICE_WORKER_INDEX', '0'],
    ['SLUICE_MAX_FILE_SIZE', '5 gigs'],
    ['SLUICE_MAX_FILE_SIZE', '-5MiB'],
    ['SLUICE_MAX_FILE_SIZE', '0'],
    ['SLUICE_MAX_FILES', '0'],
    ['SLUICE_MAX_UPLOADS', '0'],
    ['SLUICE_MIN_UPLOAD_RATE', 'slow'],
    ['SLUICE_STORAGE_QUOTA', '0'],
    ['SLUICE_RATE_LIMIT', '600'],
    ['SLUICE_RATE_LIMIT', '0/min'],
    ['SLUICE_RATE_LIMIT', '600/day'],
    ['SLUICE_MAX_STREAMS', '0'],
    ['SLUICE_TRUST_PROXY', '10.0.0.1'],
    ['SLUICE_TRUST_PROXY', '10/8'],
    ['SLUICE_TRUST_PROXY', 'proxy.example/32'],
    ['SLUICE_ATTEMPTS', '0'],
    ['SLUICE_STAGE_TIMEOUT', '3600'],
    ['SLUICE_STAGE_TIMEOUT', '0s'],
    ['SLUICE_API_KEYS', KEY],
    ['SLUICE_API_KEYS', `ann:owner:${KEY}`],
    ['SLUICE_API_KEYS', 'ann:admin:short'],
    ['SLUICE_API_KEYS', `service:admin:${KEY}`],
    ['SLUICE_API_KEYS', `ann:admin:${KEY},ann:viewer:${KEY}2`],
    ['SLUICE_API_KEYS', `ann:admin:${KEY},bob:viewer:${KEY}`],
    ['SLUICE_WEBHOOK_SECRET', 'secret'],
    ['SLUICE_WEBHOOK_SECRET', 'whsec_c2hvcnQ='],
    ['SLUICE_WEBHOOK_SLOTS', '0'],
    ['SLUICE_WEBHOOK_PROXY', 'proxy:3128'],
    ['SLUICE_WEBHOOK_PROXY', 'socks5://proxy:3128'],
    ['SLUICE_WEBHOOK_PROXY', 'http://proxy:3128/path'],
    ['SLUICE_WEBHOOK_PROXY', 'http://ann:%ff@proxy:3128'],
    ['SLUICE_WEBHOOK_ALLOW', '10.1.0.0'],
    ['SLUICE_WEBHOOK_ALLOW', '10.1.0.0/33'],
    ['SLUICE_WEBHOOK_ALLOW', '10.1.0.0/16:70000'],
    ['SLUICE_PSEUDONYMS', 'yes'],
    ['SLUICE_RETENTION', 'forever'],
    ['SLUICE_DRAFT_TTL', '1 day'],
    ['SLUICE_JANITOR_INTERVAL', '60'],
    ['SLUICE_STORAGE_RESERVE', 'some'],
    ['SLUICE_ATTACH_TIMEOUT', '-1h'],
    ['SLUICE_ALLOWED_TYPES', 'text'],
    ['SLUICE_ALLOWED_TYPES', '*/*'],
    ['SLUICE_ALLOWED_TYPES', 'text/*,,application/gzip'],
    ['SLUICE_ALLOWED_TYPES', 'text/plain; charset=utf-8'],
    ['SLUICE_ALLOWED_TYPES', 'text/p*'],
    ['SLUICE_CLAMD', 'clamav'],
    ['SLUICE_CLAMD', '3310'],
    ['SLUICE_CLAMD', 'clamav:0'],
    ['SLUICE_CLAMD', 'clamav:65536'],
    ['SLUICE_CLAMD', 'tcp://clamav:3310'],
    ['SLUICE_CLAMD', '::1:3310'],
    ['SLUICE_CLAMD', '[clamav]:3310'],
    ['SLUICE_ARCHIVE_SIZE', 'big'],
    ['SLUICE_ARCHIVE_RATIO', '0'],
    ['SLUICE_ARCHIVE_DEPTH', '101'],
    ['SLUICE_ARCHIVE_MEMBERS', '0'],
    ['SLUICE_LOG_LEVEL', 'loud'],
    ['SLUICE_LOG_FORMAT', 'xml'],
  ])('%s=%s', (name, value) => {
    const sentence = refusal({ [name]: value })
    expect(sentence).toContain(name)
    expect(sentence).toMatch(/^[^\n]+\.$/)
  })
})

describe('storage on S3', () => {
  const S3 = { SLUICE_STORAGE: 's3://bucket' }
  const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' }

  test.each([
    ['s3://bucket', 'bucket', ''],
    ['s3://bucket/', 'bucket', ''],
    ['s3://my.bucket-1/sluice', 'my.bucket-1', 'sluice/'],
    ['s3://bucket/a/b_c.d/', 'bucket', 'a/b_c.d/'],
  ])('%s is the bucket %s and the prefix "%s"', (SLUICE_STORAGE, bucket, prefix) => {
    expect(loadConfig({ SLUICE_STORAGE }).storage).toEqual({
      kind: 's3',
      bucket,
      prefix,
      endpoint: null,
      region: null,
      credentials: null,
    })
  })

  test('takes the usual variables of AWS, and the URL of another server', () => {
    const environment = { ...S3, ...KEYS, AWS_SESSION_TOKEN: 'token', AWS_REGION: 'eu-central-1' }
    expect(loadConfig({ ...environment, SLUICE_S3_ENDPOINT: 'http://s3:7070/' }).storage).toMatchObject({
      endpoint: 'http://s3:7070',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'hunter2hunter2', sessionToken: 'token' },
    })
  })

  test.each<[string, Record<string, string>]>([
    ['AWS_SECRET_ACCESS_KEY', { AWS_ACCESS_KEY_ID: 'hunter2' }],
    ['AWS_ACCESS_KEY_ID', { AWS_SECRET_ACCESS_KEY: 'hunter2' }],
    ['AWS_SESSION_TOKEN', { AWS_SESSION_TOKEN: 'hunter2' }],
    ['AWS_REGION', { AWS_REGION: 'hunter2 hunter2' }],
    ['AWS_SECRET_ACCESS_KEY', { ...KEYS, AWS_SECRET_ACCESS_KEY: 'hunter2 hunter2' }],
  ])('names %s where it does not fit, and repeats none of it', (name, environment) => {
    const sentence = refusal({ ...S3, ...environment })
    expect(sentence).toContain(name)
    expect(sentence).toMatch(/^[^\n]+\.$/)
    expect(sentence).not.toContain('hunter2')
  })

  test('is nothing that a local storage asks about: the variables of AWS are not ours alone', () => {
    expect(loadConfig({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_REGION: '?' })).toEqual(loadConfig({}))
  })
})

test.each([
  ['SLUICE_S3_ENDPOINT', 'https://user:hunter2@s3.example.com'],
  ['REDIS_URL', 'redsi://user:hunter2hunter2@redis'],
  ['SLUICE_API_KEYS', 'ann:owner:hunter2hunter2'],
  ['SLUICE_API_KEYS', 'hunter2hunter2'],
  ['SLUICE_API_KEYS', 'ann:admin:hunter2'],
  ['SLUICE_API_KEYS', 'ann:admin:hunter2hunter2hunter2,bob:viewer:hunter2hunter2hunter2'],
  ['SLUICE_WEBHOOK_SECRET', 'whsec_hunter2'],
  ['SLUICE_WEBHOOK_PROXY', 'socks5://ann:hunter2@proxy:3128'],
])('a wrong %s is not repeated: it may be a secret', (name, value) => {
  expect(refusal({ [name]: value })).not.toContain('hunter2')
})

test('without keys it listens on loopback only', () => {
  expect(refusal({ HOST: '0.0.0.0' })).toMatch(/^HOST is "0\.0\.0\.0".*SLUICE_API_KEYS/)
  for (const host of ['localhost', '127.0.0.2', '::1']) expect(loadConfig({ HOST: host }).host).toBe(host)
})

test.each([
  ['localhost', true],
  ['app.localhost', true],
  ['127.1.2.3', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
])('%s is a loopback host: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected)
})
