import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { blobPath } from '#datasets/remote-address.ts'
import { UserError } from '#errors.ts'
import type { ListedBlob } from './blob-listing.ts'
import { tooLarge } from './remote-failure.ts'
import { type RemoteContext, transfer } from './remote-transfer.ts'

const AT_ONCE = 8
const ABANDONED_MS = 24 * 60 * 60 * 1000

/**
 * Local read-only copy of the blobs below a folder of a container: fetched once per state of the list (names, sizes,
 * ETags). Throws UserError; for names that would leave the folder, before anything is fetched.
 */
export async function remoteFolder(
  context: RemoteContext,
  container: string,
  options: { prefix: string; blobs: readonly ListedBlob[]; query: string; signal: AbortSignal },
): Promise<string> {
  const { prefix, blobs } = options
  const paths = new Map(blobs.map(blob => [safePath(blob.name.slice(prefix.length), container), blob]))
  if (blobs.reduce((sum, blob) => sum + blob.bytes, 0) > context.maxBytes)
    throw tooLarge(`${container}/${prefix}`, context.maxBytes)
  const folder = join(context.directory, hash(`${container}/${prefix}`), hash(JSON.stringify(blobs)))
  if (existsSync(folder)) return folder
  await mkdir(dirname(folder), { recursive: true })
  await removeAbandoned(dirname(folder))
  const unfinished = join(dirname(folder), `.part-${randomBytes(8).toString('hex')}`)
  try {
    await fetchAll(context, container, unfinished, paths, options)
    await rename(unfinished, folder).catch(error => {
      if (!existsSync(folder)) throw error
    })
    return folder
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function fetchAll(
  context: RemoteContext,
  container: string,
  target: string,
  paths: ReadonlyMap<string, ListedBlob>,
  { query, signal }: { query: string; signal: AbortSignal },
): Promise<void> {
  const failure = new AbortController()
  const both = AbortSignal.any([signal, failure.signal])
  const waiting = [...paths]
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [path, blob] = next
      const to = join(target, path)
      await mkdir(dirname(to), { recursive: true })
      await fetchBlob(context, `${container}/${blobPath(blob.name)}${query}`, { to, blob, signal: both })
    }
  }
  const workers = Array.from({ length: AT_ONCE }, () => worker())
  await Promise.all(workers).catch(async error => {
    failure.abort()
    await Promise.allSettled(workers)
    throw error
  })
}

async function fetchBlob(
  context: RemoteContext,
  url: string,
  { to, blob, signal }: { to: string; blob: ListedBlob; signal: AbortSignal },
): Promise<void> {
  const found = await transfer(context, url, { to, known: undefined, signal })
  if (found.changed && (found.bytes !== blob.bytes || differ(found.validators.etag, blob.etag))) {
    throw new UserError('changed-while-copied', `the blob ${blob.name} was changed while it was fetched`, {
      hint: 'Wait until whatever writes it has finished, then try again.',
    })
  }
  await chmod(to, 0o444)
}

/** The list has ETags with or without their quotes. */
function differ(etag: string | null, listed: string): boolean {
  return etag !== null && listed !== '' && etag.replaceAll('"', '') !== listed.replaceAll('"', '')
}

function safePath(path: string, container: string): string {
  const parts = path.split('/')
  const hostile = parts.some(part => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part))
  if (!hostile) return path
  throw new UserError(
    'unusable-file',
    `${container} has a blob ${JSON.stringify(path)}, which can't be a file here`,
  )
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter(found => found.startsWith('.part-'))) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > ABANDONED_MS)
      await rm(join(folder, name), { recursive: true, force: true })
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
