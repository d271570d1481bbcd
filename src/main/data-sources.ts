import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { jobData } from '#adapters/local/job-data.ts'
import { localModelRegistry } from '#adapters/local/model-registry.ts'
import type { Config } from '#config.ts'
import type { Database } from '#database/schema.ts'
import type { DataSources } from './data-resolver.ts'
import { composeDatasets } from './datasets.ts'
import { composeRemoteData } from './remote-data.ts'
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
