import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { contentDigests } from '#adapters/local/content-digests.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { folderStepCache } from '#adapters/local/step-cache.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { recordingTracking } from '#adapters/local/tracking-recorder.ts'
import { readConfig } from '#config.ts'
import { NotFoundError } from '#errors.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { ExecutorPorts, JobReport, JobRequest, StepReport } from '#ml-service/job.ts'
import type { Plan, PlannedStep } from '#ml-service/plan.ts'

export type Parts = Partial<Omit<Plan, 'settings'>> & {
  steps: PlannedStep[]
  settings?: Partial<Plan['settings']>
}

export interface JobRunner {
  home: string
  env: Readonly<Record<string, string>>
  environments: ExecutorPorts['environments']
  /** What jobs are run with, but for tracking. */
  executor: ExecutorPorts
  /** A folder that is used by nothing else. */
  folder(): string
  /** Runs a plan with the real executor; what is tracked is recorded in `<directory>/tracking`. */
  run(
    parts: Parts,
    request?: Partial<JobRequest>,
    options?: { signal?: AbortSignal; onStep?: (report: StepReport) => void; ports?: Partial<ExecutorPorts> },
  ): Promise<JobReport>
  dispose(): void
}

/** Everything that jobs need, in a temporary home. */
export function jobRunner(): JobRunner {
  const env = readConfig().inheritedEnv
  const home = mkdtempSync(join(tmpdir(), 'jobs-'))
  const commands = localCommandRunner()
  const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
  const folder = () => mkdtempSync(join(home, 'folder-'))
  const executor: ExecutorPorts = {
    commands,
    environments,
    tracking: undefined,
    cache: folderStepCache(folder()),
    digest: contentDigests(join(home, 'digests')),
    env,
    resolveData: async ({ value }) => {
      throw new NotFoundError('no-dataset', `no ${value}`)
    },
    takeSlot: createSlots(4),
  }
  return {
    home,
    env,
    environments,
    executor,
    folder,
    async run(parts, request = {}, { ports, ...options } = {}) {
      const directory = request.directory ?? folder()
      const tracking = recordingTracking(join(directory, 'tracking'))
      const all: ExecutorPorts = { ...executor, tracking, ...ports }
      const whole = { job: 'job', plan: plannedJob(parts), environments: {}, ...request, directory }
      const defaults = { signal: new AbortController().signal, onStep: () => {} }
      try {
        return await runJob(all, whole, { ...defaults, ...options })
      } finally {
        await tracking.close()
      }
    },
    dispose: () => rmSync(home, { recursive: true, force: true }),
  }
}

export function plannedStep(name: string, command: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    name,
    needs: [],
    spec: '{}',
    command,
    code: undefined,
    environment: { kind: 'inline', image: 'python', conda: undefined },
    environmentVariables: {},
    inputs: {},
    outputs: {},
    timeoutSeconds: undefined,
    deterministic: true,
    place: { file: 'pipeline.yml', line: 1 },
    ...more,
  }
}

export function plannedJob({ settings, ...more }: Parts): Plan {
  const usual = { continueOnStepFailure: true, forceRerun: false, defaultDatastore: 'workspaceblobstore' }
  return {
    displayName: 'test',
    experiment: 'tests',
    settings: { ...usual, ...settings },
    inputs: {},
    outputs: {},
    files: [],
    warnings: [],
    ...more,
  }
}

/** How many processes `sleep <seconds>` there are. */
export function sleeping(seconds: string): number {
  const processes = readdirSync('/proc').filter(entry => /^\d+$/.test(entry))
  return processes.filter(pid => commandLine(pid) === `sleep\0${seconds}\0`).length
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
