import { StageFailure } from '#errors.ts'
import { isDigest, sha256 } from './digest.ts'
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest } from './documents.ts'

/** The documents of the one image in an OCI layout, each verified against the digest that names it. */
export interface ImageDocuments {
  /** What `index.json` says about the manifest. */
  descriptor: Descriptor
  manifest: ImageManifest
  config: ImageConfig
}

/** Reads a small file of the layout by its path inside it, e.g. `index.json`. */
export type ReadLayoutFile = (path: string) => Promise<Buffer>

/** Reads index, manifest and config. Throws StageFailure when one is missing, damaged or not of an image. */
export async function readImage(read: ReadLayoutFile): Promise<ImageDocuments> {
  const index = parse<ImageIndex>(await read('index.json'), 'index.json')
  const descriptors = new Map((index.manifests ?? []).map(item => [item.digest, item]))
  const [descriptor] = descriptors.values()
  if (!descriptor || descriptors.size > 1) {
    throw new StageFailure(`the layout holds ${descriptors.size} images, not one`)
  }
  const manifest = parse<ImageManifest>(await readBlob(read, descriptor), 'the manifest')
  if (!manifest.config || !Array.isArray(manifest.layers))
    throw new StageFailure('the manifest is no image manifest')
  const config = parse<ImageConfig>(await readBlob(read, manifest.config), 'the config')
  return { descriptor, manifest, config }
}

/** Where a blob lies inside a layout. Throws StageFailure for anything that isn't a sha256 digest. */
export function blobPath(digest: string): string {
  if (!isDigest(digest)) throw new StageFailure(`${JSON.stringify(digest)} is not a sha256 digest`)
  return `blobs/${digest.replace(':', '/')}`
}

/** Says that a blob's bytes are not what its descriptor promises. */
export function damaged(digest: string, cause?: unknown): StageFailure {
  return new StageFailure(`the blob ${digest} is damaged: its bytes have another digest or size`, { cause })
}

async function readBlob(read: ReadLayoutFile, { digest, size }: Descriptor): Promise<Buffer> {
  const bytes = await read(blobPath(digest))
  if (bytes.length !== size || sha256(bytes) !== digest) throw damaged(digest)
  return bytes
}

function parse<T>(bytes: Buffer, what: string): T {
  try {
    return JSON.parse(bytes.toString('utf8')) as T
  } catch (cause) {
    throw new StageFailure(`${what} is not JSON`, { cause })
  }
}
