import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, NotFoundError, UserError } from '#errors.ts'
import { isDigest, sha256 } from '#packaging/digest.ts'
import { type Descriptor, MEDIA_TYPES } from '#packaging/documents.ts'
import { blobPath, readImage } from '#packaging/layout.ts'
import { checkedRepository, checkedTag } from '#packaging/reference.ts'
import type { ImageRegistry } from '#ports/image-registry.ts'
import { registryAddress } from './address.ts'
import { type RegistryClient, registryClient } from './client.ts'
import { tagNames } from './tag-list.ts'
import type { Credentials } from './tokens.ts'
import { uploadBlob } from './upload.ts'

export interface OciRegistryOptions {
  /** `host[:port][/prefix]`; plain HTTP for this machine only. */
  url: string
  credentials?: Credentials
  /** Waits for some seconds before a repetition; replaced by tests. */
  pause?: (seconds: number) => Promise<void>
}

/**
 * Any registry that speaks the OCI distribution API (docker-registry, ACR, GHCR, Harbor, zot). The API knows no
 * compare-and-swap: an immutable tag is checked, then set, so also lock such tags in the registry where it can.
 */
export function ociRegistry(options: OciRegistryOptions): ImageRegistry {
  const address = registryAddress(options.url)
  const pause = options.pause ?? (seconds => sleep(seconds * 1000))
  const client = registryClient({ address, credentials: options.credentials, pause })
  const fullName = (repository: string) => checkedRepository(`${address.prefix}${repository}`)
  return {
    async push(layout, repository) {
      const name = fullName(repository)
      const { descriptor, manifest } = await readImage(path => readFile(join(layout, path)))
      if ((await findManifest(client, name, descriptor.digest)) !== null) return descriptor.digest
      await inParallel([manifest.config, ...manifest.layers], UPLOADS, blob =>
        uploadBlob(client, name, join(layout, blobPath(blob.digest)), blob),
      )
      const bytes = await readFile(join(layout, blobPath(descriptor.digest)))
      await putManifest(client, name, descriptor.digest, { ...descriptor, bytes })
      return descriptor.digest
    },

    async tag(repository, digest, tag, { immutable = false } = {}) {
      const name = fullName(repository)
      const named = await findManifest(client, name, checkedTag(tag))
      if (named === digest) return
      if (immutable && named !== null) throw alreadyNamed(name, tag, named)
      await putManifest(client, name, tag, await getManifest(client, name, digest))
    },

    async resolve(repository, reference) {
      const name = fullName(repository)
      return findManifest(client, name, isDigest(reference) ? reference : checkedTag(reference))
    },

    async tags(repository) {
      const name = fullName(repository)
      const found = await inParallel(await tagNames(client, name), LOOK_UPS, async tag => {
        return [tag, await findManifest(client, name, tag)] as const
      })
      return Object.fromEntries(
        found.filter((entry): entry is readonly [string, string] => entry[1] !== null),
      )
    },
  }
}

const UPLOADS = 3
const LOOK_UPS = 8
const ACCEPT = [
  MEDIA_TYPES.manifest,
  MEDIA_TYPES.index,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

function alreadyNamed(repository: string, tag: string, digest: string): ConflictError {
  return new ConflictError('immutable-tag', `${repository}:${tag} names ${digest} and never moves`)
}

async function findManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<string | null> {
  const url = `${repository}/manifests/${reference}`
  const headers = { accept: ACCEPT }
  const response = await client.send({ method: 'HEAD', url, repository, headers, expect: [200, 404] })
  if (response.status === 404) return null
  const digest = response.headers.get('docker-content-digest')
  return isDigest(digest) ? digest : (await getManifest(client, repository, reference)).digest
}

interface Manifest extends Pick<Descriptor, 'mediaType' | 'digest'> {
  bytes: Uint8Array
}

async function getManifest(client: RegistryClient, repository: string, reference: string): Promise<Manifest> {
  const url = `${repository}/manifests/${reference}`
  const response = await client.send({
    method: 'GET',
    url,
    repository,
    headers: { accept: ACCEPT },
    expect: [200, 404],
  })
  if (response.status === 404) {
    throw new NotFoundError('image-not-found', `${repository} has no image ${reference}`, {
      hint: 'push it first',
    })
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  const digest = sha256(bytes)
  if (isDigest(reference) && digest !== reference) throw wrongDigest(reference, digest)
  return { bytes, digest, mediaType: response.headers.get('content-type') ?? MEDIA_TYPES.manifest }
}

async function putManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  { bytes, digest, mediaType }: Manifest,
): Promise<void> {
  const url = `${repository}/manifests/${reference}`
  const headers = { 'content-type': mediaType }
  const response = await client.send({
    method: 'PUT',
    url,
    repository,
    headers,
    body: bytes,
    expect: [201, 202],
  })
  const stored = response.headers.get('docker-content-digest')
  if (stored !== null && stored !== digest) throw wrongDigest(digest, stored)
}

function wrongDigest(expected: string, found: string): UserError {
  return new UserError('registry-protocol', `the registry has ${found} where ${expected} should be`)
}

/** Results in the order of the items; after a failure no further item is begun. */
async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1])
  }
  const workers = Array.from({ length: limit }, worker)
  await Promise.all(workers).catch(async error => {
    queue.length = 0
    await Promise.allSettled(workers)
    throw error
  })
  return results
}
