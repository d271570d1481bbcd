import { existsSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { componentLookup } from '#adapters/local/component-lookup.ts'
import { datastoreFolders } from '#adapters/local/datastore-folders.ts'
import { recordingTracking } from '#adapters/local/tracking-recorder.ts'
import type { Config } from '#config.ts'
import { UserError } from '#errors.ts'
import { homeFolders } from '#home.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { JobListener, JobReport } from '#ml-service/job.ts'
import { readPlan } from '#ml-service/pipeline-file/lint.ts'
import type { Plan } from '#ml-service/plan.ts'
import type { RepositorySettings } from '#model-types/model-type.ts'
import { readSettings, SETTINGS_FILE } from '#model-types/read-settings.ts'
import type { PythonEnvironments } from '#ports/python-environments.ts'
import { dataResolver } from './data-resolver.ts'
import { diskFiles, readEnvironmentMap, withCuratedEnvironments } from './environment-map.ts'
import { composeRemoteData } from './remote-data.ts'
import { composeTools } from './tools.ts'

export interface MlRun {
  config: Config
  /** Pipeline or component file. */
  file: string
  /** Literal values, or paths relative to the working directory, by input name. */
  inputs: Record<string, string>
  /** Folder for the job's files; default: a new temporary one. */
  outputDir: string | undefined
  /** A file with an `environments:` map, instead of that in the `mlops/millwright.yml` above the pipeline file, if there is one. */
  environments: string | undefined
  force: boolean
  onStep: JobListener
  /** Lines about downloads. */
  onProgress(line: string): void
  signal: AbortSignal
}

/** Runs a pipeline here and now: no server, no database. Throws UserError when the file has a problem. */
export async function mlRun(run: MlRun): Promise<JobReport> {
  const file = resolve(run.file)
  const lookup = componentLookup(homeFolders(run.config.home).components)
  const plan = readPlan(file, absolute(run.inputs), lookup)
  const { environments, cache, datastores, python: wanted } = settingsFor(file, plan, run.environments)
  const directory = run.outputDir ? resolve(run.outputDir) : await mkdtemp(join(tmpdir(), 'millwright-job-'))
  await mkdir(directory, { recursive: true })
  const tools = composeTools(run.config)
  const { environments: python, refusal } = noteRefusal(tools.environments)
  const tracking = recordingTracking(join(directory, 'tracking'))
  const executor = {
    commands: tools.commands,
    environments: python,
    cache: tools.cache,
    warmPython: tools.warmPython,
    digest: tools.digest,
    env: run.config.inheritedEnv,
    tracking,
    resolveData: dataResolver(composeRemoteData(run.config, tools, run)),
    takeSlot: createSlots(cpus().length),
  }
  try {
    const job = `${basename(directory)}-${tools.clock.now().getTime().toString(36)}`
    const beside = join(repositoryAbove(file), dirname(SETTINGS_FILE))
    const at = datastoreFolders(datastores, beside, tools.folders.datastores)
    const options = { forceRerun: run.force, freezeCode: true, datastores: { at, publish: true } }
    const warmPython = wanted.warm ?? true
    const request = { job, plan, directory, environments, warmPython, ...options }
    const report = await runJob(executor, request, { signal: run.signal, onStep: run.onStep })
    if (report.status === 'failed' && refusal()) throw refusal()
    await tools.cache.trim(cache.maxSize)
    return report
  } finally {
    await Promise.all([tracking.close(), tools.warmPython.close()])
  }
}

/** Remembers what a person has to mend before any environment can be made, e.g. that there is no Python. */
function noteRefusal(environments: PythonEnvironments) {
  let refusal: UserError | undefined
  const noting: PythonEnvironments = {
    ...environments,
    prepare: (requirements, options) =>
      environments.prepare(requirements, options).catch(error => {
        if (error instanceof UserError) refusal = error
        throw error
      }),
  }
  return { environments: noting, refusal: () => refusal }
}

/** What exists on disk is a path; everything else is taken as it stands. */
function absolute(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, existsSync(value) ? resolve(value) : value]),
  )
}

/** The settings of the repository above a pipeline file, with the environments of `map` when there is one. */
function settingsFor(file: string, { steps }: Plan, map: string | undefined): RepositorySettings {
  const own = readSettings(diskFiles(repositoryAbove(file)))
  const settings = map === undefined ? own : { ...own, environments: readEnvironmentMap(map) }
  const refers = steps.some(({ environment }) => environment.kind === 'reference')
  return refers ? withCuratedEnvironments(settings) : settings // a tenth of a second to read
}

/** The folder with `mlops/millwright.yml`; without one the file's own. */
function repositoryAbove(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, SETTINGS_FILE))) return folder
  }
  return dirname(file)
}
