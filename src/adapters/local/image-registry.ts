import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ConflictError, NotFoundError } from '#errors.ts'
import { meter } from '#packaging/digest.ts'
import { type Descriptor, type ImageIndex, imageIndex } from '#packaging/documents.ts'
import { tagsOf, withManifest, withTag } from '#packaging/index-tags.ts'
import { blobPath, damaged, readImage } from '#packaging/layout.ts'
import { checkedRepository, checkedTag } from '#packaging/reference.ts'
import type { ImageRegistry } from '#ports/image-registry.ts'
import { withFileLock } from './file-lock.ts'

/**
 * Keeps images below `directory`, one OCI image layout per repository, readable by every tool that knows layouts.
 * A `/` in a repository's name is `+` in the folder's. Several processes may use it at once.
 */
export function layoutRegistry(directory: string): ImageRegistry {
  const folderOf = (repository: string) => join(directory, checkedRepository(repository).replaceAll('/', '+'))
  return {
    async push(layout, repository) {
      const target = folderOf(repository)
      const { descriptor, manifest } = await readImage(path => readFile(join(layout, path)))
      await prepareLayout(target)
      for (const blob of [...manifest.layers, manifest.config, descriptor])
        await copyBlob(layout, target, blob)
      await changeIndex(target, entries => withManifest(entries, descriptor))
      return descriptor.digest
    },

    async tag(repository, digest, tag, options = {}) {
      checkedTag(tag)
      const folder = folderOf(repository)
      if ((await readIndex(folder)).length === 0) throw notPushed(repository, digest)
      await changeIndex(folder, entries => {
        if (!entries.some(entry => entry.digest === digest)) throw notPushed(repository, digest)
        const named = tagsOf(entries)[tag]
        if (options.immutable && named !== undefined && named !== digest)
          throw immutable(repository, tag, named)
        return withTag(entries, digest, tag)
      })
    },

    async resolve(repository, reference) {
      const entries = await readIndex(folderOf(repository))
      const byDigest = entries.find(entry => entry.digest === reference)?.digest
      return byDigest ?? tagsOf(entries)[reference] ?? null
    },

    async tags(repository) {
      return tagsOf(await readIndex(folderOf(repository)))
    },
  }
}

function notPushed(repository: string, digest: string): NotFoundError {
  return new NotFoundError('image-not-found', `${repository} has no image ${digest}`, {
    hint: 'push it first',
  })
}

function immutable(repository: string, tag: string, digest: string): ConflictError {
  return new ConflictError('immutable-tag', `${repository}:${tag} names ${digest} and never moves`)
}

const ONE_DAY_MS = 86_400_000

/** Makes the layout's folders, and removes what copies that were killed have left. */
async function prepareLayout(target: string): Promise<void> {
  const partial = join(target, 'partial')
  await mkdir(join(target, 'blobs/sha256'), { recursive: true })
  await mkdir(partial, { recursive: true })
  for (const name of await readdir(partial)) {
    const facts = await stat(join(partial, name)).catch(() => undefined)
    if (facts && Date.now() - facts.mtimeMs > ONE_DAY_MS) await rm(join(partial, name), { force: true })
  }
}

const READ_BYTES = 1024 * 1024

async function copyBlob(layout: string, target: string, { digest, size }: Descriptor): Promise<void> {
  const destination = join(target, blobPath(digest))
  const there = await stat(destination).catch(() => undefined)
  if (there?.size === size) return
  const partial = join(target, 'partial', randomUUID())
  try {
    const copied = meter()
    const source = createReadStream(join(layout, blobPath(digest)), { highWaterMark: READ_BYTES })
    await pipeline(source, copied.stream, createWriteStream(partial))
    const found = copied.result()
    if (found.digest !== digest || found.size !== size) throw damaged(digest)
    await rename(partial, destination)
  } finally {
    await rm(partial, { force: true })
  }
}

async function changeIndex(folder: string, change: (entries: Descriptor[]) => Descriptor[]): Promise<void> {
  await withFileLock(join(folder, 'index.lock'), async () => {
    const text = imageIndex(change(await readIndex(folder)))
    await replaceFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    await replaceFile(join(folder, 'index.json'), text)
  })
}

async function readIndex(folder: string): Promise<Descriptor[]> {
  const text = await readFile(join(folder, 'index.json'), 'utf8').catch(ignoreMissing)
  return text === undefined ? [] : (JSON.parse(text) as ImageIndex).manifests
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text)
  await rename(draft, file)
}
