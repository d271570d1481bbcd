import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shownAddress } from '#datasets/remote-address.ts'
import { syncToDisk } from './folder-copy.ts'
import { type RemoteContext, type Transfer, transfer, type Validators } from './remote-transfer.ts'

const OLD_MS = 7 * 24 * 60 * 60 * 1000

/** What is known about a download: `<directory>/<address>/latest.json`; the file lies in the folder `state`. */
interface Known extends Validators {
  state: string
  name: string
  bytes: number
}

/**
 * Local read-only copy of a remote file: fetched once per state of it (ETag, else Last-Modified), and asked for each
 * time. A copy is never changed, so that whoever reads it may go on. Throws UserError.
 */
export async function remoteFile(
  context: RemoteContext,
  url: string,
  options: { signal: AbortSignal },
): Promise<string> {
  const folder = join(context.directory, hash(shownAddress(url)))
  const known = await knownDownload(folder)
  const unfinished = join(folder, `.part-${randomBytes(8).toString('hex')}`)
  await mkdir(folder, { recursive: true })
  try {
    const found = await transfer(context, url, { ...options, to: unfinished, known })
    if (!found.changed || isSame(known, found)) return fileOf(folder, known!)
    await removeOld(folder, known?.state)
    return await keep(folder, unfinished, url, found)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** Not every server knows how to say that nothing has changed. */
function isSame(
  known: Known | undefined,
  { validators, bytes }: Extract<Transfer, { changed: true }>,
): boolean {
  return (
    known?.etag === validators.etag && known.lastModified === validators.lastModified && known.bytes === bytes
  )
}

/** States that were replaced long ago: no job reads them any more. */
async function removeOld(folder: string, latest: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (name === latest || name === 'latest.json' || !found || Date.now() - found.mtimeMs < OLD_MS) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

async function keep(
  folder: string,
  unfinished: string,
  url: string,
  { validators, bytes }: Extract<Transfer, { changed: true }>,
): Promise<string> {
  const state = `${hash(JSON.stringify(validators))}-${randomBytes(4).toString('hex')}`
  const known: Known = { ...validators, state, name: nameOf(url), bytes }
  await mkdir(join(folder, state))
  await chmod(unfinished, 0o444)
  await syncToDisk(unfinished)
  await rename(unfinished, fileOf(folder, known))
  await write(join(folder, 'latest.json'), JSON.stringify(known))
  return fileOf(folder, known)
}

/** Undefined also when the file has lost bytes, or the server gave nothing by which to recognise it. */
async function knownDownload(folder: string): Promise<Known | undefined> {
  try {
    const known = JSON.parse(await readFile(join(folder, 'latest.json'), 'utf8')) as Known
    const { size } = await stat(fileOf(folder, known))
    return size === known.bytes && (known.etag || known.lastModified) ? known : undefined
  } catch {
    return undefined
  }
}

function fileOf(folder: string, { state, name }: Known): string {
  return join(folder, state, name)
}

/** The last part of the path, as steps may look at the ending; only what is safe as a file's name. */
function nameOf(url: string): string {
  const last = shownAddress(url).split('/').at(-1) ?? ''
  const name = decodeURIComponent(last.replace(/%(?![0-9a-f]{2})/gi, '%25')).replace(
    /[^\p{L}\p{N}._-]/gu,
    '_',
  )
  return /^\.*$/.test(name) ? 'data' : name.slice(-120)
}

async function write(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`
  await writeFile(temporary, text)
  await rename(temporary, file)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
