import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readImage } from '#packaging/layout.ts'
import { imageRegistryContract } from '../../../test/contracts/image-registry.ts'
import { tinyModel } from '../../../test/support/tiny-model.ts'
import { layoutRegistry } from './image-registry.ts'

imageRegistryContract('OCI layouts in a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-images-'))
  return {
    registry: layoutRegistry(folder),
    blob: (repository, digest) =>
      readFile(join(folder, repository.replaceAll('/', '+'), 'blobs', digest.replace(':', '/'))),
    close: () => rm(folder, { recursive: true }),
  }
})

test('the repository is a valid layout, and a lock that a killed process left is taken over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-images-'))
  const tiny = await tinyModel()
  const registry = layoutRegistry(folder)
  await registry.push(tiny.layout, 'tiny')
  await writeFile(join(folder, 'tiny/index.lock'), `${hostname()} 4194303 killed`)
  await registry.tag('tiny', tiny.image.digest, 'dev')
  expect((await readdir(join(folder, 'tiny'))).sort()).toEqual([
    'blobs',
    'index.json',
    'oci-layout',
    'partial',
  ])
  expect(await readdir(join(folder, 'tiny/partial'))).toEqual([])
  const { descriptor } = await readImage(path => readFile(join(folder, 'tiny', path)))
  expect(descriptor.annotations).toEqual({ 'org.opencontainers.image.ref.name': 'dev' })
  for (const used of [folder, tiny.folder]) await rm(used, { recursive: true })
})
