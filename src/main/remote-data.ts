import { join } from 'node:path'
import type { RemoteData } from '#adapters/local/remote-data.ts'
import type { Config } from '#config.ts'
import type { DataSources } from './data-resolver.ts'
import type { Tools } from './tools.ts'

/** What can be read without a server and its database: what is on the network. */
export function composeRemoteData(
  config: Config,
  { folders, digest }: Pick<Tools, 'folders' | 'digest'>,
  { onProgress }: { onProgress(line: string): void },
): DataSources {
  let remote: Promise<RemoteData> | undefined
  return {
    registered: undefined,
    remote: () => (remote ??= openRemote(config, folders.cache, onProgress)),
    digest,
  }
}

/** Loaded late: most jobs read nothing from the network. */
async function openRemote(
  config: Config,
  cache: string,
  onProgress: (line: string) => void,
): Promise<RemoteData> {
  const { remoteData } = await import('#adapters/local/remote-data.ts')
  return remoteData({
    directory: join(cache, 'downloads'),
    env: config.inheritedEnv,
    storage: config.azureStorage,
    maxBytes: config.maxDownloadBytes,
    onProgress,
  })
}
