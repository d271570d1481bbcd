import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkTree } from './link-tree.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millwright-links-'))
  await mkdir(join(folder, 'output'))
  await mkdir(join(folder, 'mine'))
  await writeFile(join(folder, 'mine/data.csv'), 'mine')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const modeOf = async (path: string) => ((await stat(join(folder, path))).mode & 0o777).toString(8)
const inodeOf = async (path: string) => (await stat(join(folder, path))).ino

test('shares what is in the folder, read-only in both places', async () => {
  await writeFile(join(folder, 'output/a'), 'a')
  await symlink('a', join(folder, 'output/b'))
  await linkTree(join(folder, 'output'), join(folder, 'cache'), { protect: true })
  expect(await inodeOf('cache/a')).toBe(await inodeOf('output/a'))
  expect([await modeOf('output/a'), await modeOf('cache/b')]).toEqual(['444', '444'])
})

test('takes a copy of what lies elsewhere and leaves that as it is', async () => {
  await symlink('../mine', join(folder, 'output/folder'))
  await symlink('../mine/data.csv', join(folder, 'output/file'))
  await link(join(folder, 'mine/data.csv'), join(folder, 'output/name'))
  await linkTree(join(folder, 'output'), join(folder, 'cache'), { protect: true })
  for (const path of ['cache/folder/data.csv', 'cache/file', 'cache/name']) {
    expect(await readFile(join(folder, path), 'utf8')).toBe('mine')
    expect([await modeOf(path), await inodeOf(path)]).not.toContain(await inodeOf('mine/data.csv'))
    expect(await modeOf(path)).toBe('444')
  }
  expect(await modeOf('mine/data.csv')).toBe('644')
})

test('an output that is itself a link to something else is a copy, too', async () => {
  await symlink('mine', join(folder, 'link'))
  await linkTree(join(folder, 'link'), join(folder, 'cache'), { protect: true })
  await symlink('mine/data.csv', join(folder, 'file'))
  await linkTree(join(folder, 'file'), join(folder, 'copy'), { protect: true })
  expect([await modeOf('mine/data.csv'), await modeOf('cache/data.csv'), await modeOf('copy')]).toEqual([
    '644',
    '444',
    '444',
  ])
})
