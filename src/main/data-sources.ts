import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { jobData } from '#adapters/local/job-data.ts'
import { localModelRegistry } from '#adapters/local/model-registry.ts'
import type { RemoteData } from '#adapters/local/remote-data.ts'
import type { Config } from '#config.ts'
import type { Database } from '#database/schema.ts'
import type { DataSources } from './data-resolver.ts'
import { composeDatasets } from './datasets.ts'
import type { Tools } from './tools.ts'

export type ServerData = DataSources & { registered: object }

/** Everything that steps may read by reference. */
export function composeServerData(
  config: Config,
  tools: Tools,
  options: { db: Kysely<Database>; onProgress(line: string): void },
): ServerData {
  const { folders } = tools
  const { db } = options
  const registered = {
    datasets: composeDatasets(db, folders.datasets),
    models: localModelRegistry({ db, directory: folders.models }),
    jobs: jobData({ db, jobs: folders.jobs, mlflowArtifacts: join(folders.home, 'mlflow-artifacts') }),
  }
  return { ...composeRemoteData(config, tools, options), registered }
}

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
