import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { environment as imageEnvironment } from './image.ts'
import { INTERNAL_SETTINGS, ROOT, read, settingsThatExist } from './project.ts'

interface Service {
  readonly build?: string
  readonly image?: string
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string | number | null>>
  readonly ports?: readonly string[]
  readonly volumes: readonly string[]
  readonly restart: string
  readonly stop_grace_period: string
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly healthcheck?: object
  readonly container_name?: string
  readonly profiles?: readonly string[]
  readonly configs?: readonly { readonly source: string; readonly target: string }[]
}

const { services, configs, volumes } = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<'redis' | 'api' | 'worker' | 's3' | 'clamav', Service>
  configs: Record<'clamd', { content: string }>
  volumes: Record<string, null>
}
const { redis, api, worker, s3, clamav } = services
const ours = { api, worker }

describe('the composition', () => {
  test.each(Object.entries(ours))('%s runs a program that is there, of the one image', (_name, service) => {
    expect(service.build).toBe('.')
    expect(service.image).toBe(api.image)
    const [program, entry, ...rest] = service.command
    expect([program, ...rest]).toEqual(['node'])
    expect(existsSync(join(ROOT, entry!)), entry).toBe(true)
  })

  test.each(Object.entries(ours))('%s is told only settings that exist', (_name, service) => {
    const settings = settingsThatExist()
    for (const name of Object.keys(service.environment!)) expect(settings, name).toContain(name)
  })

  test('every setting reaches a role, but those of one machine alone', () => {
    const told = new Set([
      ...Object.values(ours).flatMap(service => Object.keys(service.environment!)),
      ...Object.keys(imageEnvironment),
      ...INTERNAL_SETTINGS,
      'SLUICE_WORKERS',
    ])
    expect([...settingsThatExist()].filter(name => !told.has(name))).toEqual([])
  })

  test('Redis syncs what it acknowledges, evicts nothing, and keeps it in a volume of its own', () => {
    const flags = redis.command.join(' ')
    expect(redis.image).toMatch(/^redis:\d+\.\d+\.\d+/)
    expect(flags).toContain('--appendonly yes')
    expect(flags).toContain('--appendfsync always')
    expect(flags).toContain('--maxmemory-policy noeviction')
    expect(redis.volumes).toEqual(['redis:/data'])
    expect(redis.ports, 'Redis has no password: only the composition reaches it').toBeUndefined()
  })

  test('API and workers share one storage, where the image keeps its data, and wait for a healthy Redis', () => {
    expect(redis.healthcheck).toBeDefined()
    for (const service of Object.values(ours)) {
      expect(service.volumes).toEqual([`storage:${imageEnvironment.SLUICE_DATA_DIR}`])
      expect(service.environment!.REDIS_URL).toBe('redis://redis:6379')
      expect(service.depends_on!.redis!.condition).toBe('service_healthy')
    }
    expect(Object.keys(volumes).sort()).toEqual(['redis', 's3', 'signatures', 'storage'])
  })

  test('an S3 comes along only if asked for; it keeps the bucket of the guide in a volume, and takes our key', () => {
    expect(s3.profiles).toEqual(['s3'])
    for (const service of [redis, api, worker]) expect(service.profiles).toBeUndefined()
    expect(s3.image).toMatch(/:v\d+\.\d+\.\d+$/)
    expect(s3.ports, 'only the composition reaches it').toBeUndefined()
    expect(Object.values(s3.environment!).join()).toBe('${AWS_ACCESS_KEY_ID:-},${AWS_SECRET_ACCESS_KEY:-}')
    const [, bucket] = /^s3:\/data\/([a-z]+)$/.exec(s3.volumes[0]!)!
    const guide = read('docs/operating.md')
    expect(guide).toContain(`SLUICE_STORAGE=s3://${bucket}\n`)
    const [, port] = /--port,:(\d+),/.exec(s3.command.join())!
    expect(guide).toContain(`SLUICE_S3_ENDPOINT=http://s3:${port}\n`)
  })

  test('the API listens to other machines, so keys are required, with a sentence when they are missing', () => {
    expect(api.environment!.HOST).toBe('0.0.0.0')
    expect(api.environment!.SLUICE_API_KEYS).toMatch(/^\$\{SLUICE_API_KEYS:\?\w[^$]+ [^$]+\}$/)
    expect(api.ports).toEqual([`\${PORT:-3000}:${api.environment!.PORT}`])
  })

  test('workers can be scaled: nothing of theirs can be there only once', () => {
    expect(worker.container_name).toBeUndefined()
    expect(worker.ports).toBeUndefined()
  })

  test('the virus scanner is there for who asks for it, reachable by nobody else, and reports what it did not look at', () => {
    expect(clamav.profiles).toEqual(['scan'])
    expect(clamav.image).toMatch(/^clamav\/clamav:\d+\.\d+\.\d+$/)
    expect(clamav.ports).toBeUndefined()
    expect(clamav.configs).toEqual([{ source: 'clamd', target: '/etc/clamav/clamd.conf' }])
    expect(configs.clamd.content).toContain('AlertExceedsMax yes')
    for (const service of Object.values(ours)) expect(service.environment).toHaveProperty('SLUICE_CLAMD')
    expect(read('.env.example')).toContain(`clamav:${/TCPSocket (\d+)/.exec(configs.clamd.content)![1]}`)
  })

  test('whoever stops has the time to hand over, and whoever dies comes back', () => {
    for (const service of Object.values(services)) {
      expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThanOrEqual(20)
      expect(service.restart).toBe('unless-stopped')
    }
  })
})
