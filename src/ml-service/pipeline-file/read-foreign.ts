import { join } from 'node:path'
import type { Definition, ForeignDefinition, Reading, StepDefinition } from './definitions.ts'
import { mappingEntry, textEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, KNOWN_FOREIGN, warnUnknownKeys } from './known-keys.ts'
import { checkPlaceholders } from './placeholders.ts'
import { anyPorts, readStepInputs } from './ports-of-step.ts'
import { readCode } from './read-code.ts'
import { readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { readStepOutputs } from './read-step-outputs.ts'
import { argumentsIn } from './step-scalars.ts'
import { isControlFlow, refuseForeign } from './step-type.ts'
import { at, entry, type MappingTree, type Tree } from './yaml-tree.ts'

/** Data that an automl step takes by keys of its own. */
const AUTOML_DATA = ['training_data', 'validation_data', 'test_data']

/**
 * A step that cannot run here, refused, but read as far as others may refer to it: inputs, outputs, code, environment.
 * What a loop or condition gives to others isn't known before it runs.
 */
export function readForeignStep(
  name: string,
  type: string,
  tree: MappingTree,
  reading: Reading,
): StepDefinition {
  const { findings } = reading
  const written = entry(tree, 'type')
  refuseForeign(type, tree, at(written ?? tree), findings)
  warnForeignKeys(type, tree, reading)
  const inputs = new Map([...readStepInputs(tree, findings), ...ownData(type, tree)])
  const outputs = readStepOutputs(tree, findings)
  const reference = entry(tree, 'component')
  const component = reference
    ? foreignComponent(type, reference, reading)
    : inline(type, tree, { inputs, outputs }, reading)
  const nothing = { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
  return { name, tree, component, inputs, outputs, ...nothing, distribution: undefined }
}

function foreignComponent(type: string, reference: Tree, reading: Reading): Definition | undefined {
  const component = reading.component(reference)
  const kind = component?.kind === 'foreign' ? component.type : component?.kind
  if (kind === undefined || kind === type) return component
  const message = `the step says type '${type}', but its component is a ${kind}`
  reading.findings.error(at(reference), 'wrong-type', message, `write 'type: ${kind}'`)
  return undefined
}

/** A component of such a type; the steps that use it are refused. */
export function readForeignComponent(type: string, tree: MappingTree, reading: Reading): ForeignDefinition {
  const { findings } = reading
  warnForeignKeys(type, tree, reading)
  readFiles(type, tree, reading)
  const inputs = readInputPorts(tree, 'component', findings)
  const outputs = readOutputPorts(tree, 'component', findings)
  for (const scalar of argumentsIn(tree)) checkPlaceholders(scalar, { inputs, outputs }, findings)
  return { kind: 'foreign', type, name: textEntry(tree, 'name', findings), tree, inputs, outputs }
}

function inline(
  type: string,
  tree: MappingTree,
  ports: Pick<StepDefinition, 'inputs' | 'outputs'>,
  reading: Reading,
): Definition | undefined {
  readFiles(type, tree, reading)
  if (isControlFlow(type)) return undefined
  const inputs = anyPorts(ports.inputs)
  for (const scalar of argumentsIn(tree)) {
    checkPlaceholders(scalar, { inputs, outputs: ports.outputs }, reading.findings)
  }
  return {
    kind: 'foreign',
    type,
    name: undefined,
    tree,
    inputs,
    outputs: ports.outputs,
  }
}

function ownData(type: string, tree: MappingTree): [string, Tree][] {
  const names = type === 'automl' ? AUTOML_DATA : []
  return names.flatMap((name): [string, Tree][] => {
    const value = entry(tree, name)
    return value ? [[name, value]] : []
  })
}

function warnForeignKeys(type: string, tree: MappingTree, { findings }: Reading): void {
  const known = KNOWN_FOREIGN[type]
  if (known) warnUnknownKeys(tree, known, findings)
  if (!isControlFlow(type)) mappingEntry(tree, 'limits', findings)
}

/** Code, environment and entry file, which stand under `task` in parallel steps. */
function readFiles(type: string, tree: MappingTree, reading: Reading): void {
  const task = type === 'parallel' ? readTask(tree, reading.findings) : undefined
  const owner = task ?? tree
  readEnvironmentVariables(tree, reading.library)
  if (isControlFlow(type)) return
  const code = readCode(owner, reading)
  const environment = entry(owner, 'environment')
  if (environment) readEnvironment(environment, reading.library)
  const holder = type === 'spark' ? mappingEntry(tree, 'entry', reading.findings) : owner
  if (type === 'spark' && holder) warnUnknownKeys(holder, KNOWN.sparkEntry, reading.findings)
  if (holder) checkEntryFile(holder, code, reading)
}

function readTask(tree: MappingTree, findings: Findings): MappingTree | undefined {
  const task = mappingEntry(tree, 'task', findings)
  if (task) warnUnknownKeys(task, KNOWN.task, findings)
  const retry = mappingEntry(tree, 'retry_settings', findings)
  if (retry) warnUnknownKeys(retry, KNOWN.retrySettings, findings)
  return task
}

function checkEntryFile(holder: MappingTree, code: string | undefined, { library, findings }: Reading): void {
  const file = entry(holder, 'file') ?? entry(holder, 'entry_script')
  if (!code || file?.kind !== 'scalar' || !library.disk.isFolder(code)) return
  const path = join(code, file.text)
  if (library.disk.exists(path) || file.text.includes('${{')) return
  findings.error(at(file), 'file-not-found', `${path} does not exist`, 'it is relative to the code folder')
}
