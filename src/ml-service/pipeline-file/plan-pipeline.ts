import { basename, resolve } from 'node:path'
import type { Plan, Problem } from '../plan.ts'
import type { Value } from './check-port.ts'
import type { Registry } from './component-path.ts'
import { booleanEntry, mappingEntry, textEntry } from './entries.ts'
import { collectFindings, type Findings, type Target } from './findings.ts'
import { finishOutputs, finishSteps } from './finish-plan.ts'
import { type FlatSteps, flatten } from './flatten.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { type Disk, openLibrary } from './library.ts'
import { startReading } from './read-component.ts'
import { type Root, readRoot } from './read-root.ts'
import { bindRootInputs } from './root-inputs.ts'
import { atKey, entry, type MappingTree, type Spot } from './yaml-tree.ts'

export interface PlanOptions {
  read: Disk['read']
  isFolder: Disk['isFolder']
  exists?: Disk['exists']
  isEmptyFolder?: Disk['isEmptyFolder']
  list?: Disk['list']
  /** Values of pipeline inputs by name: literal text, or for data an absolute path, URL or dataset reference. */
  inputs: Record<string, string>
  /** Required inputs of a component may be left without a value; then there is no plan, only problems. */
  openInputs?: boolean
  /** Finds the file (absolute path) of `azureml:component[:version|@latest]`; without it there are none. */
  registry?: Registry['find']
  /** Names of the registered components, to suggest one. */
  registered?: Registry['names']
  /** With `azureml`, what only Azure ML can run is no problem; then there is no plan, only problems. */
  target?: Target
}

/**
 * Reads a pipeline job, pipeline component or command component with everything that it refers to, and plans it.
 * Never throws: all problems of the whole graph are returned at once, and there is a plan if none is an error.
 */
export function planPipeline(
  file: string,
  options: PlanOptions,
): { plan: Plan | undefined; problems: Problem[] } {
  const path = resolve(file)
  const findings = collectFindings(path, options.target)
  const library = openLibrary(completeDisk(options), findings)
  const { registry = () => undefined, registered = () => [] } = options
  const reading = startReading(library, { find: registry, names: registered })
  const tree = library.mapping(path, outside(path), 'file-not-found', 'give the path of a pipeline file')
  const root = tree && readRoot(tree, reading)
  if (!tree || !root) return { plan: undefined, problems: findings.problems() }
  const openInputs = (options.openInputs ?? false) && root.isComponent
  const inputs = bindRootInputs(root.pipeline, options.inputs, openInputs, library)
  const flat = flatten(root.pipeline, inputs, library)
  const settings = readSettings(tree, findings)
  const problems = findings.problems()
  if (findings.hasErrors() || hasOpenInputs(inputs) || options.target === 'azureml')
    return { plan: undefined, problems }
  const files = [...library.files]
  return {
    plan: {
      ...jobNames(tree, path, findings),
      settings,
      ...finished(root, inputs, flat),
      files,
      warnings: problems,
    },
    problems,
  }
}

function completeDisk(options: PlanOptions): Disk {
  const { read, isFolder } = options
  return {
    read,
    isFolder,
    exists: options.exists ?? (path => isFolder(path) || read(path) !== undefined),
    isEmptyFolder: options.isEmptyFolder ?? (() => false),
    list: options.list ?? (() => []),
  }
}

function outside(path: string): Spot {
  return { file: { path, text: '' }, offset: 0, key: '' }
}

function hasOpenInputs(inputs: Map<string, Value>): boolean {
  return [...inputs.values()].includes('broken')
}

function readSettings(tree: MappingTree, findings: Findings): Plan['settings'] {
  const settings = mappingEntry(tree, 'settings', findings)
  if (settings) checkSettings(settings, findings)
  const flag = (name: string) => settings && booleanEntry(settings, name, findings)
  const datastore = settings && textEntry(settings, 'default_datastore', findings)
  return {
    continueOnStepFailure: flag('continue_on_step_failure') ?? true,
    forceRerun: flag('force_rerun') ?? false,
    defaultDatastore: datastore?.replace(/^azureml:/, '') ?? 'workspaceblobstore',
  }
}

function checkSettings(settings: MappingTree, findings: Findings): void {
  warnUnknownKeys(settings, KNOWN.settings, findings)
  for (const name of ['on_init', 'on_finalize']) {
    const value = entry(settings, name)
    if (value) findings.ignored(atKey(value), name, 'the step runs like any other')
  }
}

function jobNames(
  tree: MappingTree,
  path: string,
  findings: Findings,
): Pick<Plan, 'displayName' | 'experiment'> {
  const name = textEntry(tree, 'display_name', findings) ?? textEntry(tree, 'name', findings)
  return {
    displayName: name ?? basename(path).replace(/\.ya?ml$/, ''),
    experiment: textEntry(tree, 'experiment_name', findings) ?? 'Default',
  }
}

function finished(
  root: Root,
  inputs: Map<string, Value>,
  flat: FlatSteps,
): Pick<Plan, 'inputs' | 'steps' | 'outputs'> {
  const given = [...inputs].flatMap(([name, value]) =>
    typeof value === 'object' ? [[name, value] as const] : [],
  )
  return {
    inputs: Object.fromEntries(given),
    steps: finishSteps(flat),
    outputs: finishOutputs(root.pipeline, flat),
  }
}
