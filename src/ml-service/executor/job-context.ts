import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { WarmPython } from '#ports/warm-python.ts'
import type { ExecutorPorts, JobListener, JobRequest, ResolvedData, StepReport } from '../job.ts'
import type { PlannedStep, StepInput } from '../plan.ts'
import { type CodeSnapshot, snapshotCode } from './code-snapshot.ts'
import { frozenCode } from './frozen-code.ts'
import { type JobFolder, openJobFolder } from './job-folder.ts'
import { type JobState, openJobState } from './job-state.ts'
import { type JobTracking, jobTracking } from './job-tracking.ts'
import { once } from './once.ts'
import { requirementsOf } from './requirements.ts'
import { writeSortedListing } from './sorted-listing.ts'

/** An output of a finished step; `path` is relative to the job's folder. */
export interface StepOutput {
  path: string
  digest: string
}

/** What the steps of a running job share. What is expensive is done once, when the first step asks. */
export interface JobContext {
  ports: ExecutorPorts
  request: JobRequest
  folder: JobFolder
  state: JobState
  tracking: JobTracking | undefined
  /** Aborted when the job is cancelled, or a failure stops it. */
  signal: AbortSignal
  forceRerun: boolean
  warmPython: WarmPython | undefined
  reports: Map<string, StepReport>
  /** Of finished steps, by step and name. */
  outputs: Map<string, Record<string, StepOutput>>
  /** Keys of steps that this call ran: equal steps of one job are each run, as their author wrote them. */
  executed: Set<string>
  /** Steps of which somebody reads the reserved output `artifacts`. */
  artifactsWanted: Set<string>
  /** Work that nothing has to wait for but the end of the job; its failure is no failure of the job. */
  later(work: Promise<unknown>): void
  settled(): Promise<void>
  update(step: string, change: Partial<StepReport>): void
  requirements(step: PlannedStep): EnvironmentRequirements
  code(path: string): Promise<CodeSnapshot>
  digest(path: string): Promise<string>
  data(source: DataSource, type: string): Promise<ResolvedData>
  environment(requirements: EnvironmentRequirements): Promise<string>
  /** Whether `mlflow` is installed in a Python environment. */
  hasMlflow(python: string): Promise<boolean>
  /** Begins with the environments of all steps: once one step has to run, those after it mostly have to, too. */
  prepareAll(): void
  sortedListing(): string
}

type DataSource = Extract<StepInput, { kind: 'data' }>['source']

export async function openJob(
  ports: ExecutorPorts,
  request: JobRequest,
  options: { signal: AbortSignal; onStep: JobListener },
): Promise<JobContext> {
  const { plan } = request
  const folder = await openJobFolder(request.directory)
  const state = await openJobState(request.directory, request.job)
  const environment = once(
    (wanted: EnvironmentRequirements) => {
      const onProgress = (progress: string) => tellFirstUser(wanted, progress)
      return ports.environments.prepare(wanted, { signal: options.signal, onProgress })
    },
    wanted => JSON.stringify(wanted),
  )
  /** One step that waits for an environment tells how its build goes. */
  const tellFirstUser = (wanted: EnvironmentRequirements, progress: string) => {
    const isWaiting = ({ name }: PlannedStep) => /^(pending|preparing)$/.test(reports.get(name)!.status)
    const uses = (step: PlannedStep) =>
      JSON.stringify(requirementsOf(step, request.environments)) === JSON.stringify(wanted)
    const step = plan.steps.find(one => isWaiting(one) && uses(one))
    if (step) update(step.name, { progress })
  }
  const warmPython = request.warmPython === false ? undefined : ports.warmPython
  const background = new Set<Promise<void>>()
  const reports = new Map(plan.steps.map(step => [step.name, pendingReport(step.name)]))
  const update = (step: string, change: Partial<StepReport>) => {
    const report = Object.assign(reports.get(step)!, change)
    if (report.status !== 'pending' && report.status !== 'preparing') delete report.progress
    options.onStep({ ...report })
  }
  return {
    ports,
    request,
    folder,
    state,
    tracking: ports.tracking && jobTracking(ports.tracking, request, state),
    signal: options.signal,
    forceRerun: request.forceRerun === true || plan.settings.forceRerun,
    warmPython,
    reports,
    outputs: new Map(),
    executed: new Set(),
    artifactsWanted: artifactsWanted(request),
    later(work) {
      const settled: Promise<void> = work.then(
        () => void background.delete(settled),
        () => void background.delete(settled),
      )
      background.add(settled)
    },
    settled: async () => void (await Promise.all(background)),
    update,
    requirements: step => requirementsOf(step, request.environments),
    code: once(
      path => (request.freezeCode ? frozenCode(path, request.directory) : snapshotCode(path)),
      path => path,
    ),
    digest: once(ports.digest, path => path),
    data: once(
      (source, type) => resolve({ ports, state, request, signal: options.signal }, source, type),
      (source, type) => `${source.kind}:${pinName(source.value, type)}`,
    ),
    environment,
    hasMlflow: once(hasMlflow, python => python),
    prepareAll: onceOnly(() => {
      for (const step of plan.steps) environment(requirementsOf(step, request.environments)).catch(() => {})
    }),
    sortedListing: onceOnly(() => writeSortedListing(warmPython?.startup() ?? folder.root)),
  }
}

/** How a step is reported that has not begun. */
export function pendingReport(name: string): StepReport {
  return {
    name,
    status: 'pending',
    reused: false,
    reusedFrom: null,
    exitCode: null,
    startedAt: null,
    endedAt: null,
    log: '',
    outputs: {},
    error: null,
  }
}

function artifactsWanted({ plan }: JobRequest): Set<string> {
  const inputs = plan.steps.flatMap(step => Object.values(step.inputs))
  const read = inputs.flatMap(input =>
    input.kind === 'step' && input.output === 'artifacts' ? [input.step] : [],
  )
  const given = Object.values(plan.outputs).filter(output => output.output === 'artifacts')
  const declared = plan.steps.filter(step => 'artifacts' in step.outputs)
  return new Set([...read, ...given.map(output => output.step), ...declared.map(step => step.name)])
}

interface Resolving {
  ports: ExecutorPorts
  state: JobState
  request: JobRequest
  signal: AbortSignal
}

async function resolve(
  { ports, state, request, signal }: Resolving,
  source: DataSource,
  type: string,
): Promise<ResolvedData> {
  if (source.kind === 'path') return { path: source.value, digest: await ports.digest(source.value) }
  const pin = pinName(source.value, type)
  const pinned = state.data[pin]
  if (pinned) return pinned
  const value = pinnedReference(state, source.value)
  const trusted = request.trusted !== false
  const data = await ports.resolveData({ kind: source.kind, value, type }, { signal, trusted })
  state.data[pin] = data
  await state.save()
  return data
}

/** A file and a folder of the same name are different paths. */
export function pinName(value: string, type: string): string {
  return type === 'uri_file' ? `${value} (file)` : value
}

/** What `@latest` has become for one type of input, it is for the other, too. */
function pinnedReference(state: JobState, value: string): string {
  const known = state.data[value] ?? state.data[pinName(value, 'uri_file')]
  const [, reference] = /^(.+:\d+):sha256:/.exec(known?.identity ?? '') ?? []
  return reference === undefined ? value : `azureml:${reference}`
}

async function hasMlflow(python: string): Promise<boolean> {
  const lib = join(python, 'lib')
  const versions = await readdir(lib).catch(() => [])
  return versions.some(version => existsSync(join(lib, version, 'site-packages', 'mlflow')))
}

function onceOnly<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
