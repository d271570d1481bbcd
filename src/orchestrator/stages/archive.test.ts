import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Header, type Pack, pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { listTree, packFiles, unpackFiles } from './archive.ts'

let root: string
let count = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millwright-archive-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const LONG = `${'deep/'.repeat(60)}${'n'.repeat(120)}.py`
const FILES = { 'b.py': 'b\n', 'a/ü.txt': 'umlaut', 'a.txt': '', [LONG]: 'long', 'run.sh': '#!/bin/sh\n' }

describe('an archive', () => {
  test('holds files that are copied from elsewhere under their own path', async () => {
    const folder = await tree({ 'a.txt': 'own' })
    const outside = await tree({ 'other.txt': 'from elsewhere' })
    const archive = join(folder, 'archive.tar.gz')
    const elsewhere = new Map([['.components/x', join(outside, 'other.txt')]])
    await packFiles(folder, ['a.txt', '.components/x'], archive, elsewhere)
    const unpacked = join(folder, 'unpacked')
    await unpackFiles(archive, unpacked)
    expect(await readFile(join(unpacked, '.components/x'), 'utf8')).toBe('from elsewhere')
    expect(await readFile(join(unpacked, 'a.txt'), 'utf8')).toBe('own')
  })

  test('has the same bytes for the same files, whatever their times, modes and order', async () => {
    const [one, other] = [await tree(FILES), await tree(FILES)]
    for (const path of Object.keys(FILES)) {
      await chmod(join(other, path), 0o600)
      await utimes(join(other, path), 1e9, 1e9)
    }
    for (const folder of [one, other]) await chmod(join(folder, 'run.sh'), folder === one ? 0o755 : 0o700)
    const paths = Object.keys(FILES)
    const bytes = [await packed(one, paths), await packed(other, paths.toReversed())]
    expect(bytes[0]!.equals(bytes[1]!)).toBe(true)
  })

  test('has other bytes for another content, path or executable bit', async () => {
    const variants = [{ 'a.txt': 'x' }, { 'a.txt': 'y' }, { 'b.txt': 'x' }, { 'a.txt': 'x', 'b.txt': '' }]
    const folders = await Promise.all(variants.map(files => tree(files as Record<string, string>)))
    const executable = await tree({ 'a.txt': 'x' })
    await chmod(join(executable, 'a.txt'), 0o755)
    const archives = await Promise.all(
      [...folders, executable].map(async folder =>
        (await packed(folder, await listTree(folder))).toString('hex'),
      ),
    )
    expect(new Set(archives).size).toBe(archives.length)
  })

  test('gives back what was put in, with sizes and digests', async () => {
    const source = await tree(FILES)
    await chmod(join(source, 'run.sh'), 0o755)
    const archive = join(root, 'round-trip.tar.gz')
    const { files } = await packFiles(source, Object.keys(FILES), archive)
    const target = join(root, 'round-trip')
    expect(await unpackFiles(archive, target)).toEqual(files)
    expect(files.map(file => file.path)).toEqual(Object.keys(FILES).sort())
    for (const [path, text] of Object.entries(FILES))
      expect(await readFile(join(target, path), 'utf8')).toBe(text)
    const modes = await Promise.all(['run.sh', 'b.py'].map(path => lstat(join(target, path))))
    expect(modes.map(({ mode }) => mode & 0o111)).toEqual([0o111, 0])
    const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(files.find(file => file.path === 'a.txt')).toEqual({ path: 'a.txt', bytes: 0, digest: empty })
  })
})

describe('listing a folder', () => {
  test('names regular files only, and follows no links', async () => {
    const folder = await tree({ 'b/c.txt': '', 'a.txt': '' })
    await symlink(join(folder, 'a.txt'), join(folder, 'link.txt'))
    await symlink('/', join(folder, 'everything'))
    expect(await listTree(folder)).toEqual(['a.txt', 'b/c.txt'])
  })
})

describe('a hand-made archive is refused', () => {
  test.each<[string, Entry]>([
    ['a symbolic link', { name: 'link', type: 'symlink', linkname: '/etc/passwd' }],
    ['a symbolic link inside', { name: 'link', type: 'symlink', linkname: 'fine.txt' }],
    ['a hard link', { name: 'link', type: 'link', linkname: 'fine.txt' }],
    ['a device', { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }],
    ['a pipe', { name: 'pipe', type: 'fifo' }],
    ['a folder', { name: 'folder/', type: 'directory' }],
    ['a path above', { name: '../escaped.txt' }],
    ['a path that goes down and up', { name: 'a/b/../../../escaped.txt' }],
    ['a path with one dot before', { name: './../escaped.txt' }],
    ['an absolute path', { name: '/tmp/escaped.txt' }],
    ['a backslash', { name: '..\\escaped.txt' }],
  ])('with %s', async (_, header) => {
    const target = join(root, `target-${count++}`, 'inner')
    const archive = await handMade([{ name: 'fine.txt' }, header])
    const refusal = await unpackFiles(archive, target).catch(error => error)
    expect(refusal).toBeInstanceOf(UserError)
    expect(refusal).toMatchObject({ code: 'archive-refused', place: { file: archive } })
    expect(await readdir(join(target, '..'))).toEqual(['inner'])
    expect(await readdir(target)).toEqual(['fine.txt'])
  })

  test('when it is cut off, or no archive at all', async () => {
    const whole = await readFile(await handMade([{ name: 'a.txt' }], 'x'.repeat(100_000)))
    for (const bytes of [
      whole.subarray(0, whole.length / 2),
      Buffer.from('hello'),
      gzipSync('hello'),
      Buffer.alloc(0),
    ]) {
      const archive = join(root, `cut-${count++}.tar.gz`)
      await writeFile(archive, bytes)
      await expect(unpackFiles(archive, join(root, `cut-${count}`))).rejects.toThrow()
    }
  })
})

async function tree(files: Record<string, string>): Promise<string> {
  const folder = join(root, `tree-${count++}`)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

async function packed(folder: string, paths: string[]): Promise<Buffer> {
  const archive = join(root, `packed-${count++}.tar.gz`)
  await packFiles(folder, paths, archive)
  return readFile(archive)
}

type Entry = Partial<Header> & { name: string }

/** The library fills in what is missing, which its types don't say. */
function add(tar: Pack, header: Entry, text?: string): void {
  if (text === undefined) tar.entry(header as Header)
  else tar.entry(header as Header, text)
}

async function handMade(headers: Entry[], text = 'x'): Promise<string> {
  const tar = pack()
  for (const header of headers) {
    if (header.type === undefined) add(tar, header, text)
    else add(tar, header)
  }
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar as unknown as AsyncIterable<Buffer>) chunks.push(chunk)
  const archive = join(root, `hand-made-${count++}.tar.gz`)
  await writeFile(archive, gzipSync(Buffer.concat(chunks)))
  return archive
}
