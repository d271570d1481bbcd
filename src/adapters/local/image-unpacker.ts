import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StageFailure } from '#errors.ts'
import { type Descriptor, type ImageConfig, LAYER_ANNOTATION } from '#packaging/documents.ts'
import { type LayerEntry, layerEntries } from '#packaging/layer-entries.ts'
import { blobPath, readImage } from '#packaging/layout.ts'

/**
 * Unpacks the layers that Millwright made (not a base image's) into the empty folder `root` and returns the config.
 * Digests are verified; only regular files and folders are accepted, and nothing is written outside `root`.
 */
export async function unpackImage(layout: string, root: string): Promise<ImageConfig> {
  const { manifest, config } = await readImage(path => readFile(join(layout, path)))
  for (const [index, layer] of manifest.layers.entries()) {
    if (isOurs(layer)) await unpackLayer(layout, layer, config.rootfs.diff_ids[index], root)
  }
  return config
}

function isOurs(layer: Descriptor): boolean {
  return layer.annotations?.[LAYER_ANNOTATION] !== undefined
}

async function unpackLayer(layout: string, layer: Descriptor, diffId: string | undefined, root: string) {
  const blob = createReadStream(join(layout, blobPath(layer.digest)))
  for await (const entry of layerEntries(blob, layer, diffId)) await writeEntry(entry, root)
}

async function writeEntry(entry: LayerEntry, root: string): Promise<void> {
  const target = join(root, entry.path)
  if (entry.type === 'directory') return void (await mkdir(target, { recursive: true }))
  if (entry.type !== 'file')
    throw new StageFailure(`${entry.path} is a ${entry.type}; only files and folders are unpacked`)
  await mkdir(dirname(target), { recursive: true })
  await pipeline(entry.content, createWriteStream(target, { mode: 0o644 }))
}
