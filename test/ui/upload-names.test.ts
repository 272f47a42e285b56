/** What files of an upload are called. */
import { expect, test } from 'vitest'
import { distinctNames } from '../../src/ui/app/pages/upload/names.ts'

const named = (...paths: readonly string[]) => [
  ...distinctNames(
    paths.map(path => ({
      id: path,
      name: path.split('/').at(-1)!,
      path: path.includes('/') ? path : null,
    })),
  ).values(),
]

test('files of different names keep them, from whatever folder', () => {
  expect(named('a.log', 'logs/b.log', 'logs/web/c.log')).toEqual(['a.log', 'b.log', 'c.log'])
})

test('files of one name are told apart by their folders, by as many as that takes', () => {
  expect(named('logs/a/x.log', 'logs/b/x.log', 'logs/b/y.log')).toEqual(['a_x.log', 'b_x.log', 'y.log'])
  expect(named('one/web/x.log', 'two/web/x.log')).toEqual(['one_web_x.log', 'two_web_x.log'])
})

test('a file that came without a folder keeps its name', () => {
  expect(named('x.log', 'a/x.log').sort()).toEqual(['a_x.log', 'x.log'])
})

test('files that nothing tells apart are called the same', () => {
  expect([
    ...distinctNames([
      { id: '1', name: 'x.log', path: null },
      { id: '2', name: 'x.log', path: null },
    ]).values(),
  ]).toEqual(['x.log', 'x.log'])
})
