import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Kysely } from 'kysely'
import { localCodeHost } from '#adapters/local/code-host.ts'
import { componentLookup } from '#adapters/local/component-lookup.ts'
import { localComponentRegistry } from '#adapters/local/component-registry.ts'
import { datastoreFolders } from '#adapters/local/datastore-folders.ts'
import { localMlCatalog } from '#adapters/local/ml-catalog.ts'
import { localMlService } from '#adapters/local/ml-service.ts'
import { localPipelineRunner } from '#adapters/local/pipeline-runner.ts'
import { folderTree } from '#adapters/local/source-tree.ts'
import type { Config } from '#config.ts'
import type { Database } from '#database/schema.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import { explainStep, type StepExplanation } from '#ml-service/explain-step.ts'
import { ML_JOBS_QUEUE, registerMlPipeline } from '#ml-service/ml-pipeline.ts'
import { readPlan } from '#ml-service/pipeline-file/lint.ts'
import { readSettings } from '#model-types/read-settings.ts'
import type { Orchestration } from '#orchestrator/orchestration.ts'
import type { PipelineEngine } from '#orchestrator/pipelines/pipeline.ts'
import { AGENTS_QUEUE, RUNS_QUEUE, registerPipelines } from '#orchestrator/pipelines/run-pipeline.ts'
import type { ComponentRegistry } from '#ports/component-registry.ts'
import type { MlCatalog } from '#ports/ml-catalog.ts'
import type { MlService } from '#ports/ml-service.ts'
import type { Tracking } from '#ports/tracking.ts'
import { composeServerData } from './data-sources.ts'
import { APPLICATION, connectEngine, type EngineClient, WORKFLOW_VERSION } from './engine-client.ts'
import { withCuratedEnvironments } from './environment-map.ts'
import { keepAlive } from './keep-alive.ts'
import { agentExecutor, composeStagePorts } from './stage-ports.ts'
import type { Tools } from './tools.ts'

/** ML jobs that one worker looks after at once; their steps share its agents. */
const JOBS_PER_WORKER = 128

/** Runs that one worker looks after at once; most of them wait. */
const RUNS_PER_WORKER = 1000

export interface WorkerOptions {
  config: Config
  tools: Tools
  db: Kysely<Database>
  databaseUrl: string
  /** Stable, so that this worker finds its own work again after a restart. */
  id: string
  /** Number of agents. */
  agents: number
  tracking: Tracking
  /** Keeps the tracking service's mirror of a model right. */
  mirror(model: string): void
  log(line: string): void
}

export interface Worker {
  o: Orchestration
  engine: PipelineEngine
  mlService: MlService
  explainStep(job: string, step: string): Promise<StepExplanation>
  ml: { catalog: MlCatalog; components: ComponentRegistry; startJob: EngineClient['startJob'] }
  /** Called with the id of every run that changes in this process. */
  onChange(listener: (run: string) => void): () => void
  /** Ends what runs here without recording it as ended, so that the next start goes on with it. */
  stop(): Promise<void>
}

/** Composes orchestrator and ML service, launches the durable engine, and takes part in the work of the database. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { config, tools, db } = options
  const { folders } = tools
  await Promise.all(
    [folders.runs, folders.jobs, folders.pipelines, folders.repositories].map(path =>
      mkdir(path, { recursive: true }),
    ),
  )
  const stopping = new AbortController()
  const listeners = new Set<(run: string) => void>()
  const takeAgent = createSlots(options.agents)
  const data = composeServerData(config, tools, { db, onProgress: options.log })
  const activeJobs = new Map<string, AbortController>()

  let connected: Promise<EngineClient> | undefined
  /** The engine's tables exist once it was launched; workflows that it recovers then wait for this connection. */
  const connection = () => (connected ??= connectEngine(options.databaseUrl))
  const engine: PipelineEngine = {
    start: async run => (await connection()).start(run),
    wake: async (run, cause) => (await connection()).wake(run, cause),
  }
  const startJob = async (job: string, attempt: number) => (await connection()).startJob(job, attempt)
  const mlService = localMlService({
    db,
    clock: tools.clock,
    pipelines: folders.pipelines,
    runner: localPipelineRunner(agentExecutor(tools, config, data), folders),
    start: job => startJob(job, 1),
    abort: job => activeJobs.get(job)?.abort(),
  })
  const o: Orchestration = {
    db,
    runs: folders.runs,
    worker: options.id,
    ports: composeStagePorts(config, tools, mlService, data),
    codeHost: localCodeHost({ directory: folders.repositories, gitEnv: config.inheritedEnv }),
    openTree: async folder => folderTree(folder),
    notifier: { runEnded: async notice => options.log(notice.message) },
    mirror: options.mirror,
    takeAgent,
    stopping: stopping.signal,
    active: new Map(),
    executing: { count: 0 },
    changed(run) {
      for (const listener of listeners) listener(run)
    },
  }
  registerPipelines(o, engine)
  const lookup = componentLookup(folders.components)
  registerMlPipeline({
    db,
    clock: tools.clock,
    jobs: folders.jobs,
    pipelines: folders.pipelines,
    executor: { ...agentExecutor(tools, config, data), tracking: options.tracking, takeSlot: takeAgent },
    models: data.registered.models,
    datasets: data.registered.datasets,
    plan: (source, file, inputs) => readPlan(join(source, file), inputs, lookup),
    async settingsOf(source) {
      const settings = withCuratedEnvironments(readSettings(folderTree(source)))
      const at = datastoreFolders(settings.datastores, undefined, folders.datastores)
      return { ...settings, datastores: { at, publish: true } }
    },
    notifyEnded: (run, job) => engine.wake(run, job),
    registered: options.mirror,
    stopping: stopping.signal,
    active: activeJobs,
  })

  await launchEngine(options)
  const stopKeeping = keepAlive(
    { o, engine, activeJobs, log: options.log, startJob },
    { id: options.id, host: hostname() },
  )
  return {
    o,
    engine,
    mlService,
    explainStep: (job, step) => explainStep(join(folders.jobs, job), step, tools.cache),
    ml: {
      catalog: localMlCatalog({ db, pipelines: folders.pipelines, components: folders.components }),
      components: localComponentRegistry(folders.components),
      startJob,
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      stopKeeping()
      stopping.abort()
      while (o.executing.count + activeJobs.size > 0) await tools.clock.sleep(0.05)
      await DBOS.shutdown({ workflowCompletionTimeoutMS: 1 })
      await (await connection()).close()
      await tools.warmPython.close()
    },
  }
}

async function launchEngine({ databaseUrl, id, agents, log }: WorkerOptions): Promise<void> {
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: 12,
    applicationVersion: WORKFLOW_VERSION,
    executorID: id,
    enablePatching: true,
    logger: quietLogger(log),
  })
  await DBOS.launch()
  const queue = (workerConcurrency: number, minPollingIntervalMs: number) => ({
    ...{ workerConcurrency, minPollingIntervalMs },
    onConflict: 'always_update' as const,
  })
  await DBOS.registerQueue(RUNS_QUEUE, queue(RUNS_PER_WORKER, 50))
  await DBOS.registerQueue(AGENTS_QUEUE, queue(agents, 50))
  await DBOS.registerQueue(ML_JOBS_QUEUE, queue(JOBS_PER_WORKER, 150))
}

/** The engine's own messages matter when something is wrong; then they belong to our log. */
function quietLogger(log: (line: string) => void) {
  const line = (entry: unknown) => log(`engine: ${entry instanceof Error ? entry.message : String(entry)}`)
  return { info() {}, debug() {}, warn: line, error: line }
}
