import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { parseDatasetReference } from '#datasets/dataset.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import type { ExecutorPorts, JobReport, StepReport } from '#ml-service/job.ts'
import { readPlan } from '#ml-service/pipeline-file/lint.ts'
import type { Plan } from '#ml-service/plan.ts'
import type { PipelineRun, PipelineRunner } from '#ports/pipeline-runner.ts'
import { componentLookup } from './component-lookup.ts'
import { datastoreFolders } from './datastore-folders.ts'
import { pipelineTree } from './pipeline-tree.ts'
import { recordingTracking } from './tracking-recorder.ts'

/**
 * Runs pipelines with the ML service's executor, in this process and without its database. `folders` are those of the
 * datastores and of the component registry.
 */
export function localPipelineRunner(
  executor: ExecutorPorts,
  { datastores, components }: { datastores: string; components: string },
): PipelineRunner {
  const lookup = componentLookup(components)
  return {
    async files(source, file, inputs) {
      readPlan(join(source, file), inputs, lookup)
      const { files } = await pipelineTree(join(source, file), { components, root: source, code: 'no-links' })
      return files
    },
    async run(request) {
      const plan = readPlan(join(request.source, request.file), await inputsOf(request), lookup)
      const cache = request.trusted ? executor.cache : { ...executor.cache, store: async () => {} }
      const recorder = recorderFor(plan, request, executor)
      try {
        const report = await runJob(
          { ...executor, cache, tracking: recorder ?? executor.tracking },
          {
            ...{ job: request.name, plan, directory: request.directory, trusted: request.trusted },
            environments: request.environments,
            warmPython: request.warmPython ?? true,
            datastores: {
              at: datastoreFolders(request.datastores, join(request.source, 'mlops'), datastores),
              publish: false,
            },
          },
          { signal: request.signal, onStep: step => logStep(request, step) },
        )
        await logFailures(request, report)
        return report
      } finally {
        await recorder?.close()
      }
    },
  }
}

/** A sweep is judged by its metrics, also where nothing is tracked. */
function recorderFor(plan: Plan, { directory }: PipelineRun, { tracking }: ExecutorPorts) {
  if (tracking || !plan.steps.some(step => step.sweep)) return undefined
  return recordingTracking(join(directory, 'tracking'))
}

/** A path in model.yml is relative to the source tree; dataset references and literals stay as they are. */
async function inputsOf({ source, inputs }: PipelineRun): Promise<Record<string, string>> {
  const resolved = Object.entries(inputs).map(async ([name, value]) => {
    if (isAbsolute(value) || (value.startsWith('azureml:') && parseDatasetReference(value)))
      return [name, value] as const
    const path = join(source, value)
    return [name, (await stat(path).catch(() => undefined)) ? path : value] as const
  })
  return Object.fromEntries(await Promise.all(resolved))
}

function logStep({ log, name }: PipelineRun, step: StepReport): void {
  const origin = step.reused ? ` (reused from ${step.reusedFrom})` : ''
  log(`${name}: step ${step.name}: ${step.progress ?? `${step.status}${origin}`}`)
}

const TAIL = 64 * 1024

/** What a failed step printed belongs to the log that people look at first. */
async function logFailures({ log }: PipelineRun, report: JobReport): Promise<void> {
  for (const step of report.steps.filter(step => step.status === 'failed')) {
    const output = await readFile(step.log, 'utf8').catch(() => '')
    log(`--- output of step ${step.name}\n${output.slice(-TAIL).trimEnd()}\n---`)
  }
}
