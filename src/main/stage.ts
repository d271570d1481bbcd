import { appendFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { localMlService } from '#adapters/local/ml-service.ts'
import { localPipelineRunner } from '#adapters/local/pipeline-runner.ts'
import type { Config } from '#config.ts'
import { connectDatabase } from '#database/connect.ts'
import { UserError } from '#errors.ts'
import { jobName, submitTraining } from '#orchestrator/stages/run-ml-pipeline.ts'
import { leave, type StageInput, type StageOutput, type StagePorts } from '#orchestrator/stages/stage.ts'
import { STAGES, type StageName } from '#orchestrator/stages/stages.ts'
import { composeServerData } from './data-sources.ts'
import { connectEngine } from './engine-client.ts'
import { agentExecutor, composeStagePorts } from './stage-ports.ts'
import { composeTools } from './tools.ts'
import type { WorkerFile } from './worker.ts'

export interface StageCommand {
  config: Config
  name: string
  modelType: string
  buildId: number
  in: string
  out: string
  /** Root of the source tree; in CD's stages default `<out>/source`. */
  source: string
  commit: string
  committedAt: string
  environment: string
  dataset: string | null
  log(line: string): void
  signal: AbortSignal
}

/** Runs one stage alone, as any CI system will call it: reads the folder `in`, leaves its results in `out`. */
export async function runStage(command: StageCommand): Promise<StageOutput> {
  const name = knownStage(command.name)
  const out = resolve(command.out)
  await mkdir(out, { recursive: true })
  const logFile = join(out, `${name}.log`)
  const input: StageInput = {
    run: {
      buildId: command.buildId,
      pipeline: PIPELINE_OF[name] ?? 'cd',
      trigger: 'manual',
      reason: null,
      commit: command.commit,
      committedAt: command.committedAt,
      environment: command.environment,
      dataset: command.dataset,
      onlyServe: false,
      artifact: null,
    },
    modelType: command.modelType,
    source: resolve(command.source),
    in: resolve(command.in),
    out,
    logFile,
    log(line) {
      appendFileSync(logFile, `${line}\n`)
      command.log(line)
    },
    signal: command.signal,
  }
  return withPorts(command, async ports => {
    if (name === 'run-ml-pipeline') await train(input, ports)
    const output = await STAGES[name].run(input, ports)
    await leave(out, name, output.detail)
    return output
  })
}

const PIPELINE_OF: Partial<Record<StageName, 'ci'>> = {
  'code-quality': 'ci',
  'unit-tests': 'ci',
  'local-model-validation': 'ci',
  'package-artifacts': 'ci',
}

function knownStage(name: string): StageName {
  if (Object.hasOwn(STAGES, name)) return name as StageName
  throw new UserError('unknown-stage', `there is no stage '${name}'`, {
    hint: `the stages are: ${Object.keys(STAGES).join(', ')}`,
  })
}

/** Submits and waits here; an interrupt cancels the job. */
async function train(input: StageInput, ports: StagePorts): Promise<void> {
  await submitTraining(input, ports, null)
  const job = jobName(input)
  for (;;) {
    const { status } = await ports.mlService.status(job)
    if (status === 'completed' || status === 'failed' || status === 'cancelled') return
    if (input.signal.aborted) await ports.mlService.cancel(job)
    else await ports.clock.sleep(0.5, input.signal).catch(() => {})
  }
}

async function withPorts<T>(
  { config, log }: StageCommand,
  use: (ports: StagePorts) => Promise<T>,
): Promise<T> {
  const tools = composeTools(config)
  const connections = new Set<{ close(): Promise<void> }>()
  const databaseUrl = await serverDatabase(config)
  const connection = connectDatabase(databaseUrl ?? 'postgres://127.0.0.1:1/none')
  connections.add(connection)
  const { db } = connection
  const data = composeServerData(config, tools, { db, onProgress: log })
  const mlService = localMlService({
    db,
    clock: tools.clock,
    pipelines: tools.folders.pipelines,
    runner: localPipelineRunner(agentExecutor(tools, config, data), tools.folders),
    start: job => enqueue(databaseUrl, job),
    abort: () => {},
  })
  try {
    return await use(composeStagePorts(config, tools, mlService, data))
  } finally {
    for (const open of [...connections, tools.warmPython]) await open.close()
  }
}

/** The database of `DATABASE_URL`, or of the server that runs in this home; stages of PR and CI need none. */
async function serverDatabase(config: Config): Promise<string | undefined> {
  if (config.databaseUrl) return config.databaseUrl
  const text = await readFile(composeTools(config).folders.workerFile, 'utf8').catch(() => undefined)
  return text ? (JSON.parse(text) as WorkerFile).databaseUrl : undefined
}

async function enqueue(databaseUrl: string | undefined, job: string): Promise<void> {
  if (!databaseUrl)
    throw new UserError('no-server', 'the ML service is not running', {
      hint: 'start it with `millwright up`',
    })
  const engine = await connectEngine(databaseUrl)
  await engine.startJob(job, 1).finally(engine.close)
}
