import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  cp,
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
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { readImage } from '#packaging/layout.ts'
import { assembleImage, type ImageRecipe } from './image-assembler.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millwright-assembler-'))
  await mkdir(join(folder, 'serve/inner'), { recursive: true })
  await mkdir(join(folder, 'model/deep/er'), { recursive: true })
  await writeFile(join(folder, 'serve/predict.py'), 'import inner.more')
  await writeFile(join(folder, 'serve/inner/more.py'), 'x = 1')
  await writeFile(join(folder, 'model/deep/er/weights.json'), '[1, 2]')
  await writeFile(join(folder, 'model/größe ☃.txt'), '')
  await writeFile(join(folder, `model/${'long-'.repeat(40)}.txt`), 'long')
})
afterEach(() => rm(folder, { recursive: true }))

test('equal inputs give an equal digest, whatever the times, owners, modes, caches, zone and order are', async () => {
  const original = await assembleImage(recipe(folder))
  const copy = `${folder}-copy`
  const zone = process.env.TZ
  const umask = process.umask(0o077)
  try {
    process.env.TZ = 'Pacific/Kiritimati'
    await cp(folder, copy, { recursive: true })
    await disturb(copy)
    expect((await assembleImage(recipe(copy))).digest).toBe(original.digest)
  } finally {
    process.umask(umask)
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
    await rm(copy, { recursive: true })
  }
})

test('code, model, service and labels each change the digest; only their own layer changes', async () => {
  const first = await layersOf(recipe(folder))
  const changes: [Partial<ImageRecipe>, number[]][] = [
    [{ documents: { 'app/service.json': '{"version": "2"}' } }, [2]],
    [{ created: new Date('2026-05-05T00:00:00Z') }, [0, 2]],
    [{ labels: { 'io.millwright.model.version': '2' } }, []],
    [
      {
        application: { 'app/serve': join(folder, 'serve'), 'app/more.py': join(folder, 'serve/predict.py') },
      },
      [0],
    ],
  ]
  for (const [change, layers] of changes) {
    const other = await layersOf({ ...recipe(folder), ...change })
    expect(other.digest).not.toBe(first.digest)
    expect([0, 1, 2].filter(index => other.layers[index] !== first.layers[index])).toEqual(layers)
  }
  await writeFile(join(folder, 'model/deep/er/weights.json'), '[1, 3]')
  const retrained = await layersOf(recipe(folder))
  expect([0, 1, 2].filter(index => retrained.layers[index] !== first.layers[index])).toEqual([1])
})

test('config and manifest say what the image is', async () => {
  const image = await assembleImage(recipe(folder))
  const { config, manifest, descriptor } = await readImage(path => readFile(join(folder, 'image', path)))
  expect(descriptor.digest).toBe(image.digest)
  expect(image.size).toBe(manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size))
  expect(config).toMatchObject({ created: '2026-01-02T03:04:05Z', architecture: 'amd64', os: 'linux' })
  expect(config.config).toMatchObject({
    User: '65532:65532',
    Entrypoint: ['python3', '-m', 'oip_server'],
    Env: ['PORT=8080', 'PYTHONDONTWRITEBYTECODE=1', 'PYTHONUNBUFFERED=1'],
    WorkingDir: '/app',
    Labels: { 'io.millwright.model.version': '1' },
  })
  expect((await readdir(join(folder, 'image'))).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
})

test('weights that do not shrink are stored as they are, text is compressed', async () => {
  const types = async () => {
    await assembleImage(recipe(folder))
    const { manifest } = await readImage(path => readFile(join(folder, 'image', path)))
    return manifest.layers.map(layer => layer.mediaType.endsWith('+gzip'))
  }
  expect(await types()).toEqual([true, true, true])
  await writeFile(join(folder, 'model/weights.bin'), randomBytes(1_000_000))
  expect(await types()).toEqual([true, false, true])
})

test('a link, a missing folder or a place outside is refused, and an earlier layout stays', async () => {
  const { digest } = await assembleImage(recipe(folder))
  await symlink('/etc/passwd', join(folder, 'model/link'))
  await expect(assembleImage(recipe(folder))).rejects.toThrow(UserError)
  await expect(assembleImage({ ...recipe(folder), model: join(folder, 'nothing') })).rejects.toThrow(
    UserError,
  )
  await expect(assembleImage({ ...recipe(folder), documents: { '../x': '' } })).rejects.toThrow(UserError)
  const { descriptor } = await readImage(path => readFile(join(folder, 'image', path)))
  expect(descriptor.digest).toBe(digest)
  expect((await readdir(folder)).sort()).toEqual(['image', 'model', 'serve'])
})

function recipe(root: string): ImageRecipe {
  return {
    layout: join(root, 'image'),
    application: { 'app/serve': join(root, 'serve') },
    documents: { 'app/service.json': '{}' },
    model: join(root, 'model'),
    created: new Date('2026-01-02T03:04:05Z'),
    labels: { 'io.millwright.model.version': '1' },
    platform: { os: 'linux', architecture: 'amd64' },
  }
}

async function layersOf(given: ImageRecipe): Promise<{ digest: string; layers: string[] }> {
  const { digest } = await assembleImage(given)
  const { config } = await readImage(path => readFile(join(given.layout, path)))
  return { digest, layers: config.rootfs.diff_ids }
}

async function disturb(root: string): Promise<void> {
  await mkdir(join(root, 'serve/__pycache__'))
  await writeFile(join(root, 'serve/__pycache__/predict.cpython-311.pyc'), 'cache')
  await mkdir(join(root, 'model/empty'))
  const file = join(root, 'serve/predict.py')
  await utimes(file, 1, 1)
  await chmod(file, 0o600)
  await chmod(join(root, 'model/deep'), 0o700)
  if (process.getuid?.() === 0) await chown(file, 1234, 1234)
}
