import type { Definition, Port, Reading, StepDefinition } from './definitions.ts'
import { mappingEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { checkPortName, nameHint } from './names.ts'
import { checkDistribution, readCommand, readTimeout } from './read-command.ts'
import { readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { readStepOutputs } from './read-step-outputs.ts'
import { checkStepType } from './step-type.ts'
import { at, atKey, atMissing, entry, isNull, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

const WITHOUT_EFFECT: Record<string, string> = {
  compute: 'steps run on this machine',
  resources: 'steps use what this machine has, as one instance',
  services: 'steps have no interactive endpoints',
  identity: 'steps run as the current user',
  queue_settings: 'steps have no job tier',
}

/** One entry of `jobs:`; undefined (with an error) when nothing can be said about it. */
export function readStep(name: string, tree: Tree, reading: Reading): StepDefinition | undefined {
  const { findings } = reading
  checkStepName(tree, findings)
  if (tree.kind !== 'mapping') return wrongType(tree, 'a mapping that describes a step', findings)
  if (!checkStepType(tree, findings)) return undefined
  warnUnknownKeys(tree, KNOWN.step, findings)
  warnWithoutEffect(tree, findings)
  const inputs = readInputs(tree, findings)
  const outputs = readStepOutputs(tree, findings)
  const component = readStepComponent(tree, { inputs, outputs }, reading)
  return { name, tree, component, inputs, outputs, ...overrides(tree, component, reading) }
}

/** Newer versions of the SDK refuse hyphens, the service takes them. */
function checkStepName(tree: Tree, findings: Findings): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(tree.name)) return
  const message = `'${tree.name}' is not a good name for a step: letters, digits and '_' only`
  const tolerated = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(tree.name)
  const report = tolerated ? findings.warning : findings.error
  report(atKey(tree), 'bad-name', message, nameHint(tree.name))
}

function warnWithoutEffect(tree: MappingTree, findings: Findings): void {
  for (const [key, because] of Object.entries(WITHOUT_EFFECT)) {
    const value = entry(tree, key)
    if (value) findings.ignored(atKey(value), key, because)
  }
}

function readInputs(tree: MappingTree, findings: Findings): Map<string, Tree> {
  const inputs = mappingEntry(tree, 'inputs', findings)
  for (const value of inputs?.entries.values() ?? []) checkPortName(value, true, findings)
  return new Map([...(inputs?.entries ?? [])].filter(([, value]) => !isNull(value)))
}

function readStepComponent(
  tree: MappingTree,
  step: Pick<StepDefinition, 'inputs' | 'outputs'>,
  reading: Reading,
): Definition | undefined {
  const { findings } = reading
  const component = entry(tree, 'component')
  if (component) return checkedComponent(tree, component, reading)
  if (scalarText(entry(tree, 'type'))?.toLowerCase() === 'pipeline') {
    const message = `step '${tree.name}' has no component`
    findings.error(atMissing(tree, 'component'), 'missing-component', message, "add 'component: ./file.yml'")
    return undefined
  }
  const inputs = new Map([...step.inputs].map(([name, value]) => [name, anyPort(name, value)]))
  return readCommand(tree, { inputs, outputs: step.outputs, inline: true }, reading)
}

function checkedComponent(tree: MappingTree, reference: Tree, reading: Reading): Definition | undefined {
  const command = entry(tree, 'command')
  if (command) {
    const message = `step '${tree.name}' has a component: its own command has no effect`
    reading.findings.warning(atKey(command), 'ignored-key', message)
  }
  const component = reading.component(reference)
  const type = textEntry(tree, 'type', reading.findings)?.toLowerCase()
  if (!component || !type || type === component.kind) return component
  const message = `step '${tree.name}' says type '${type}', but its component is a ${component.kind}`
  reading.findings.error(at(entry(tree, 'type')!), 'wrong-type', message, `write 'type: ${component.kind}'`)
  return component
}

function overrides(tree: MappingTree, component: Definition | undefined, reading: Reading) {
  if (component?.kind === 'command' && component.inline)
    return checkEnvironment(component.tree, component.environment, reading)
  const environment = entry(tree, 'environment')
  const own = environment && readEnvironment(environment, reading.library)
  checkDistribution(tree, reading.findings)
  if (component?.kind === 'command' && !environment)
    checkEnvironment(component.tree, component.environment, reading)
  return {
    environment: own,
    environmentVariables: readEnvironmentVariables(tree, reading.library),
    timeoutSeconds: readTimeout(tree, reading.findings),
  }
}

/** Every command needs an environment, from the step or from its component. */
function checkEnvironment(tree: MappingTree, environment: unknown, { findings }: Reading) {
  if (!environment && !entry(tree, 'environment')) {
    const what = tree.name ? `step '${tree.name}'` : 'the component'
    const suggestion = "add 'environment: azureml:name@latest' or an inline environment"
    findings.error(
      atMissing(tree, 'environment'),
      'missing-environment',
      `${what} has no environment`,
      suggestion,
    )
  }
  return { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
}

function anyPort(name: string, tree: Tree): Port {
  const nothing = { default: undefined, path: undefined, choices: undefined, min: undefined, max: undefined }
  return { name, type: undefined, optional: false, ...nothing, tree }
}
