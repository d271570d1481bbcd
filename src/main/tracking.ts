import type { Kysely } from 'kysely'
import { mirrorToMlflow } from '#adapters/local/mlflow-mirror.ts'
import { startMlflowServer } from '#adapters/local/mlflow-server.ts'
import { localModelRegistry } from '#adapters/local/model-registry.ts'
import { mlflowTracking } from '#adapters/local/tracking.ts'
import type { Config } from '#config.ts'
import type { Database } from '#database/schema.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import type { Tracking } from '#ports/tracking.ts'
import type { Tools } from './tools.ts'

export interface StartedTracking {
  port: Tracking
  /** Resolves when the server answers; only what logs should wait for it. */
  uri(): Promise<string>
  mirror(model: string): void
  stop(): Promise<void>
}

/** Our own MLflow server, starting beside everything else, or the one of `MLFLOW_TRACKING_URI`. */
export function startTracking(options: {
  config: Config
  tools: Tools
  databaseUrl: string
  db: Kysely<Database>
  log(line: string): void
}): StartedTracking {
  const { config, tools, databaseUrl, log } = options
  const external = config.mlflowTrackingUri
  const own = external
    ? undefined
    : startMlflowServer({
        home: config.home,
        databaseUrl,
        environments: tools.environments,
        commands: tools.commands,
        env: config.inheritedEnv,
        log,
      })
  own?.ready.catch(error => log(`MLflow doesn't start: ${error instanceof Error ? error.message : error}`))
  const uri = async () => external ?? (await own!.ready).uri
  const registry = localModelRegistry({ db: options.db, directory: tools.folders.models })
  const { repair } = mirrorToMlflow({ uri, registry })
  const mirror = (model: string) =>
    void repair(model).catch(error =>
      log(`MLflow mirror of ${model}: ${error instanceof Error ? error.message : error}`),
    )
  void repairAll(registry, mirror)
  return {
    port: mlflowTracking({ uri }),
    uri,
    mirror,
    async stop() {
      await own?.stop()
    },
  }
}

/** What changed while MLflow or we were away is put right at the start. */
async function repairAll(registry: ModelRegistry, mirror: (model: string) => void): Promise<void> {
  const versions = await registry.versions({})
  for (const model of new Set(versions.map(version => version.name))) mirror(model)
}
