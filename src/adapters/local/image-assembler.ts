import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Compression } from '#packaging/compression.ts'
import {
  type Document,
  imageConfig,
  imageIndex,
  imageManifest,
  type Layer,
  type Platform,
} from '#packaging/documents.ts'
import type { InferenceImage } from '#packaging/image.ts'
import type { LayerFile } from '#packaging/layer.ts'
import { blobPath } from '#packaging/layout.ts'
import { IMAGE_PATHS, RUNTIME_DEFAULTS } from '#packaging/runtime.ts'
import { compressionOf, filesAt } from './image-files.ts'
import { writeLayer } from './layer-writer.ts'

export interface ImageRecipe {
  /** Folder that becomes the OCI image layout; one that is there is replaced when the new one is complete. */
  layout: string
  /** Place in the image (`app/serve`) → file or folder on this machine: the runtime and the model type's code. */
  application: Readonly<Record<string, string>>
  /** Place in the image (`app/service.json`) → text. */
  documents: Readonly<Record<string, string>>
  /** Folder with the model's files. */
  model: string
  /** The commit's time: the image's creation time and that of its files. */
  created: Date
  labels: Readonly<Record<string, string>>
  platform: Platform
  entrypoint?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** How the model is compressed; by default gzip when a sample shrinks by a tenth. */
  modelCompression?: Compression
}

/**
 * Writes an inference image as an OCI image layout, without a daemon and without holding a layer in memory.
 * Three layers: application (changes with the code), model, service (changes always, but is tiny).
 * Equal inputs give an equal digest, whatever the files' times, owners and modes are.
 * Throws UserError for a missing folder, a symbolic link or special file, or a path that leaves the image.
 */
export async function assembleImage(recipe: ImageRecipe): Promise<InferenceImage> {
  const work = `${recipe.layout}.partial`
  await rm(work, { recursive: true, force: true })
  await mkdir(join(work, 'blobs/sha256'), { recursive: true })
  try {
    const image = await writeLayout(work, recipe)
    await replaceFolder(work, recipe.layout)
    return image
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw error
  }
}

/** Of every image's model layer, so that a model is the same layer, uploaded once, whatever code serves it. */
const MODEL_TIME = new Date('2000-01-01T00:00:00Z')

async function writeLayout(work: string, recipe: ImageRecipe): Promise<InferenceImage> {
  const layers = await writeLayers(work, recipe)
  const { user, port, workingDirectory } = RUNTIME_DEFAULTS
  const { platform, created, labels } = recipe
  const { entrypoint = RUNTIME_DEFAULTS.entrypoint, env = RUNTIME_DEFAULTS.env } = recipe
  const settings = { platform, created, labels, user, port, workingDirectory, entrypoint, env }
  const config = imageConfig(settings, layers)
  const manifest = imageManifest(config, layers, labels)
  await Promise.all([writeDocument(work, config), writeDocument(work, manifest)])
  await writeFile(join(work, 'index.json'), imageIndex([{ ...manifest.descriptor, platform }]))
  await writeFile(join(work, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  const size = [config.descriptor, ...layers].reduce((sum, blob) => sum + blob.size, 0)
  return { digest: manifest.descriptor.digest, size, labels: { ...labels } }
}

async function writeLayers(work: string, recipe: ImageRecipe): Promise<Layer[]> {
  const application = (await applicationFiles(recipe.application)).filter(isSource)
  const model = await filesAt(IMAGE_PATHS.model, recipe.model)
  const compression = recipe.modelCompression ?? (await compressionOf(model))
  return [
    await writeLayer(work, {
      name: 'application',
      files: application,
      time: recipe.created,
      compression: 'gzip',
    }),
    await writeLayer(work, { name: 'model', files: model, time: MODEL_TIME, compression }),
    await writeLayer(work, {
      name: 'service',
      files: Object.entries(recipe.documents).map(textFile),
      time: recipe.created,
      compression: 'gzip',
    }),
  ]
}

async function applicationFiles(application: Readonly<Record<string, string>>): Promise<LayerFile[]> {
  const places = await Promise.all(
    Object.entries(application).map(([place, source]) => filesAt(place, source)),
  )
  return places.flat()
}

const CACHES = /(^|\/)(__pycache__|\.pytest_cache|\.ruff_cache|\.git|\.DS_Store)(\/|$)/

/** Caches that tools leave in source folders differ from run to run. */
function isSource(file: LayerFile): boolean {
  return !CACHES.test(file.path)
}

function textFile([path, text]: [string, string]): LayerFile {
  const bytes = Buffer.from(text)
  return { path, bytes: bytes.length, open: () => Readable.from([bytes]) }
}

async function writeDocument(work: string, document: Document): Promise<void> {
  await writeFile(join(work, blobPath(document.descriptor.digest)), document.text)
}

async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${to}.replaced`
  await rm(old, { recursive: true, force: true })
  await rename(to, old).catch(ignoreMissing)
  await rename(from, to)
  await rm(old, { recursive: true, force: true })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
