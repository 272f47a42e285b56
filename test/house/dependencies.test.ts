/** What the lockfile may not go back to. */
import { expect, test } from 'vitest'
import { read } from './project.ts'

/** The first versions without what was found in them; see docs/security.md. */
const LOWEST: Readonly<Record<string, string>> = {
  // 2.1.1 left a file behind after nearly every aborted upload; before 2.2.0 nested field names take all of the CPU.
  multer: '2.2.0',
  hono: '4.12.34',
  '@hono/node-server': '2.0.10',
  // Earlier ones may leave a worker idle for good after a restart of Redis.
  bullmq: '6.7.0',
  // Node itself, as npm brings it.
  node: '24.14.1',
}

const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version?: string }>
}

test.each(Object.entries(LOWEST))('%s is %s or later, wherever it is installed', (name, lowest) => {
  const installed = Object.entries(packages)
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([, { version }]) => version!)
  expect(installed.length).toBeGreaterThan(0)
  expect(installed.filter(version => isBefore(version, lowest))).toEqual([])
})

test('Node is that late in the image, too, and where a machine brings its own', () => {
  const images = [...read('Dockerfile').matchAll(/^FROM node:(\S+?)-/gm)].map(([, version]) => version!)
  expect(images.length).toBeGreaterThan(0)
  const [, wanted] = /^const WANTED_NODE = \[(.*)\]$/m.exec(read('scripts/setup.mjs'))!
  for (const version of [...images, wanted!.replaceAll(', ', '.')]) {
    expect(isBefore(version, LOWEST.node!), version).toBe(false)
  }
})

test('the parts of Bull Board are of one version: each relies on how the others speak', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const board = Object.entries(dependencies).filter(([name]) => name.startsWith('@bull-board/'))
  expect(board.length).toBe(3)
  expect(new Set(board.map(([, version]) => version)).size).toBe(1)
})

test('a form whose field names nest is refused before it can cost anything', () => {
  expect(read('src/api/upload/receive.ts')).toMatch(/fieldNestingDepth/)
})

function isBefore(version: string, lowest: string): boolean {
  const [one, other] = [version, lowest].map(each => each.split('.').map(part => Number.parseInt(part, 10)))
  const at = one!.findIndex((part, index) => part !== other![index])
  return at >= 0 && one![at]! < other![at]!
}
