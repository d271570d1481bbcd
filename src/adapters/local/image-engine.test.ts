import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import tar from 'tar-stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '#packaging/digest.ts'
import {
  type Document,
  imageConfig,
  imageIndex,
  imageManifest,
  LAYER_ANNOTATION,
} from '#packaging/documents.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import { processEngine } from './image-engine.ts'
import { unpackImage } from './image-unpacker.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millwright-unpack-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('files and folders are unpacked, a later layer over an earlier one, a base image left out', async () => {
  const layout = await layoutOf(
    [{ name: 'bin/sh', text: 'base' }],
    [
      { name: 'app/a', text: '1' },
      { name: './app/b', text: '2' },
    ],
    [{ name: 'app/a', text: '3' }],
  )
  await unpackImage(layout, join(folder, 'root'))
  expect(await readFile(join(folder, 'root/app/a'), 'utf8')).toBe('3')
  expect((await readdir(join(folder, 'root'), { recursive: true })).sort()).toEqual(['app', 'app/a', 'app/b'])
})

test.each<[string, Entry]>([
  ['a path that climbs out', { name: 'app/../../escaped' }],
  ['an absolute path', { name: '/escaped' }],
  ['a symbolic link', { name: 'app/link', type: 'symlink', linkname: '/etc' }],
  ['a hard link', { name: 'app/link', type: 'link', linkname: '/etc/passwd' }],
  ['a device', { name: 'app/null', type: 'character-device' }],
  ['a pipe', { name: 'app/pipe', type: 'fifo' }],
])('%s is refused, and nothing is left', async (_, header) => {
  const layout = await layoutOf([], [{ name: 'app/ok', text: '1' }, header])
  await mkdir(join(folder, 'temporary'))
  const engine = processEngine({ python: 'python3', commands: never, temporary: join(folder, 'temporary') })
  await expect(engine.start(layout, { env: {}, log: join(folder, 'log') })).rejects.toThrow(
    /leave the image|only files/,
  )
  expect((await readdir(folder)).sort()).toEqual(['layout', 'temporary'])
  expect(await readdir(join(folder, 'temporary'))).toEqual([])
})

test('what a killed process left is removed by the next start', async () => {
  const temporary = join(folder, 'temporary')
  await mkdir(join(temporary, 'millwright-image-4194303-abc/image'), { recursive: true })
  await mkdir(join(temporary, `millwright-image-${process.pid}-abc`), { recursive: true })
  await mkdir(join(temporary, 'something-else'))
  const engine = processEngine({ python: 'python3', commands: never, temporary })
  await expect(engine.start(await layoutOf([], []), { env: {}, log: join(folder, 'log') })).rejects.toThrow(
    /runs Python services/,
  )
  expect((await readdir(temporary)).sort()).toEqual([`millwright-image-${process.pid}-abc`, 'something-else'])
})

const never: CommandRunner = {
  run: () => Promise.reject(new Error('nothing may be run')),
}

type Entry = { name: string; type?: NonNullable<tar.Header['type']>; linkname?: string; text?: string }

/** A layout with the given layers, the first of which is a base image's. */
async function layoutOf(...layers: Entry[][]): Promise<string> {
  const layout = join(folder, 'layout')
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true })
  const written = []
  for (const [index, entries] of layers.entries()) {
    const bytes = await tarOf(entries)
    const mediaType = 'application/vnd.oci.image.layer.v1.tar'
    const digest = await writeBlob(layout, bytes)
    const annotations = index === 0 ? undefined : { [LAYER_ANNOTATION]: 'application' }
    written.push({ mediaType, digest, size: bytes.length, diffId: digest, annotations })
  }
  const settings = {
    user: '1',
    entrypoint: ['/bin/sh'],
    env: {},
    workingDirectory: '/app',
    port: 1,
    labels: {},
  }
  const platform = { os: 'linux', architecture: 'amd64' }
  const config = imageConfig({ ...settings, platform, created: new Date(0) }, written)
  const manifest = imageManifest(config, written, {})
  for (const document of [config, manifest]) await writeBlob(layout, Buffer.from((document as Document).text))
  await writeFile(join(layout, 'index.json'), imageIndex([manifest.descriptor]))
  return layout
}

async function writeBlob(layout: string, bytes: Buffer): Promise<string> {
  const digest = sha256(bytes)
  await writeFile(join(layout, 'blobs', digest.replace(':', '/')), bytes)
  return digest
}

function tarOf(entries: Entry[]): Promise<Buffer> {
  const pack = tar.pack()
  for (const { text = '', name, type = 'file', linkname } of entries) {
    if (type === 'file') pack.entry({ name, type }, text)
    else pack.entry({ name, type, linkname })
  }
  pack.finalize()
  return buffer(pack)
}
