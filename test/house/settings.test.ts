import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { USAGE } from '../../src/supervisor/usage.ts'
import { INTERNAL_SETTINGS, read, settingsThatExist } from './project.ts'

const shown = [...settingsThatExist()].filter(name => !INTERNAL_SETTINGS.has(name)).sort()

/** Name and default of each setting, where a page tells of it. */
const pages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '.env.example': Object.fromEntries(
    [...read('.env.example').matchAll(/^# ([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  ),
  'docs/operating.md': Object.fromEntries(
    [...read('docs/operating.md').matchAll(/^\| `([A-Z0-9_]+)` +\| (?:`([^`]*)`)?/gm)].map(
      ([, name, value]) => [name!, value ?? ''],
    ),
  ),
}

describe.each(Object.entries(pages))('%s', (_page, defaults) => {
  test('tells of every setting that a person may set, and of no other', () => {
    expect(Object.keys(defaults).sort()).toEqual(shown)
  })

  test('gives the defaults that hold when nothing is set', () => {
    expect(loadConfig(defaults)).toEqual(loadConfig({}))
    // What is left empty has no default, or one that depends on the machine.
    expect(shown.filter(name => defaults[name] === '')).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'REDIS_URL',
      'SLUICE_ALLOWED_TYPES',
      'SLUICE_API_KEYS',
      'SLUICE_CLAMD',
      'SLUICE_S3_ENDPOINT',
      'SLUICE_STORAGE_QUOTA',
      'SLUICE_TRUST_PROXY',
      'SLUICE_WEBHOOK_ALLOW',
      'SLUICE_WEBHOOK_PROXY',
      'SLUICE_WEBHOOK_SECRET',
      'SLUICE_WORKERS',
    ])
  })
})

describe('npm start -- --help', () => {
  test('names only settings that exist', () => {
    const named = USAGE.match(/\b(SLUICE_[A-Z0-9_]+|PORT|HOST|REDIS_URL)\b/g) ?? []
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(name => !shown.includes(name))).toEqual([])
  })
})
