import { blobPath, type RemoteAddress, remoteAddress } from '#datasets/remote-address.ts'
import { NotFoundError } from '#errors.ts'
import { listBlobs } from './blob-listing.ts'
import { remoteClient } from './remote-client.ts'
import { remoteFile } from './remote-file.ts'
import { remoteFolder } from './remote-folder.ts'
import type { RemoteContext } from './remote-transfer.ts'

export interface RemoteDataOptions {
  /** Folder of downloads. */
  directory: string
  /** With the proxies. */
  env: Readonly<Record<string, string>>
  /** A shared access signature for one account's blobs; sent nowhere else. */
  storage: { account: string; sasToken: string } | undefined
  maxBytes: number
  onProgress(line: string): void
  pauseMs?: number
  /** Where a blob host answers; another place than `https://<host>` for an emulator. */
  endpoint?(host: string): string
}

/** Data on the network, as local read-only files and folders. */
export interface RemoteData {
  /**
   * Path of what `address` names: of a folder when it is a blob container's path that has blobs below it (a file is
   * looked for first when `type` is `uri_file`). Without `trusted` our own credentials aren't used. Undefined for what
   * isn't a network address. Throws UserError, CancelledError.
   */
  fetch(
    address: string,
    options: { type: string; trusted: boolean; signal: AbortSignal },
  ): Promise<string | undefined>
}

export function remoteData(options: RemoteDataOptions): RemoteData {
  return {
    async fetch(address, { type, trusted, signal }) {
      const place = remoteAddress(address)
      if (!place) return undefined
      const client = remoteClient(options.env)
      try {
        const context = { ...options, pauseMs: options.pauseMs ?? 500, client }
        if (place.kind === 'file') return await remoteFile(context, place.url, { signal })
        const signed = { ...place, query: place.query || (trusted ? signature(place.host, options) : '') }
        return await blob(context, signed, {
          type,
          signal,
          endpoint: options.endpoint ?? (host => `https://${host}`),
        })
      } finally {
        await client.close()
      }
    },
  }
}

type Blob = Extract<RemoteAddress, { kind: 'blob' }>

async function blob(
  context: RemoteContext,
  { host, container, path, query }: Blob,
  { type, signal, endpoint }: { type: string; signal: AbortSignal; endpoint(host: string): string },
): Promise<string> {
  const root = `${endpoint(host)}/${encodeURIComponent(container)}`
  const file = () => remoteFile(context, `${root}/${blobPath(path)}${query}`, { signal })
  const folder = async () => {
    const prefix = path === '' || path.endsWith('/') ? path : `${path}/`
    const blobs = await listBlobs(context, root, { prefix, query, signal })
    return blobs.length === 0 ? undefined : remoteFolder(context, root, { prefix, blobs, query, signal })
  }
  const isFile = type === 'uri_file' && path !== '' && !path.endsWith('/')
  if (!isFile) return (await tolerant(folder)) ?? file()
  try {
    return await file()
  } catch (error) {
    const found = error instanceof NotFoundError ? await tolerant(folder) : undefined
    if (found === undefined) throw error
    return found
  }
}

/** Who may read blobs may not always list them: then the address is a file's. */
async function tolerant(folder: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await folder()
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'remote-data-not-allowed' || code === 'remote-data-not-found') return undefined
    throw error
  }
}

function signature(host: string, { storage }: RemoteDataOptions): string {
  const isOurs = storage !== undefined && host.startsWith(`${storage.account.toLowerCase()}.blob.`)
  return isOurs ? `?${storage.sasToken.replace(/^\?/, '')}` : ''
}
