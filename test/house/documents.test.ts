/** What the documents say of the project: that it is so. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageJson, ROOT, read } from './project.ts'

const documents = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs')).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))

/** As GitHub makes them of headings. */
function anchors(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(documents)('%s', document => {
  const text = read(document)

  test('links to what is there', () => {
    const dead = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(
      ([, path, anchor]) => {
        const target = path ? join(dirname(document), path) : document
        if (!existsSync(join(ROOT, target))) return true
        return anchor !== undefined && !anchors(target).includes(anchor)
      },
    )
    expect(dead.map(([link]) => link)).toEqual([])
  })

  test('names files that are there', () => {
    const named = text.match(/(?<=`)(?:src|test|docs|bench|scripts|examples|\.ci)\/[\w./-]*(?=`)/g) ?? []
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('tells of npm scripts that exist', () => {
    const scripts = [...text.matchAll(/\bnpm (?:run (?:-s |--silent )?([a-z][\w:-]*\w)|(test|start)\b)/g)]
    expect(
      scripts.map(([, script, short]) => script ?? short!).filter(name => !(name in packageJson.scripts)),
    ).toEqual([])
  })
})

test('every metric that the operating guide explains is there', () => {
  const source = read('src/api/metrics.ts')
  const named = new Set(read('docs/operating.md').match(/\bsluice_[a-z_]+/g))
  expect(named.size).toBeGreaterThan(5)
  expect(
    [...named].filter(
      name => !source.includes(`'${name}'`) && !source.includes(`'${name.slice('sluice_'.length)}'`),
    ),
  ).toEqual([])
})
