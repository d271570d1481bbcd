import type { Definition, Reading, StepDefinition } from './definitions.ts'
import { textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { nameHint } from './names.ts'
import { anyPorts, readStepInputs } from './ports-of-step.ts'
import { readCommand, readTimeout } from './read-command.ts'
import { readDistribution } from './read-distribution.ts'
import { checkEnvironment, readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { readForeignStep } from './read-foreign.ts'
import { readStepOutputs } from './read-step-outputs.ts'
import { readSweepStep } from './read-sweep.ts'
import { isForeign, refuseForeign, stepType } from './step-type.ts'
import { warnWithoutEffect } from './without-effect.ts'
import { at, atKey, atMissing, entry, type MappingTree, type Tree } from './yaml-tree.ts'

/** One entry of `jobs:`; undefined (with an error) when nothing can be said about it. */
export function readStep(name: string, tree: Tree, reading: Reading): StepDefinition | undefined {
  const { findings } = reading
  checkStepName(tree, findings)
  if (tree.kind !== 'mapping') return wrongType(tree, 'a mapping that describes a step', findings)
  return readStepMapping(name, tree, reading)
}

/** A step, or a whole file that is one: a command, sweep, spark… job by itself. */
export function readStepMapping(
  name: string,
  tree: MappingTree,
  reading: Reading,
): StepDefinition | undefined {
  const { findings } = reading
  const type = stepType(tree, findings)
  if (!type) return undefined
  warnWithoutEffect(tree, findings)
  if (type === 'sweep') return readSweepStep(name, tree, reading)
  if (isForeign(type)) return readForeignStep(name, type, tree, reading)
  warnUnknownKeys(tree, KNOWN.step, findings)
  const inputs = readStepInputs(tree, findings)
  const outputs = readStepOutputs(tree, findings)
  const component = readStepComponent(type, tree, { inputs, outputs }, reading)
  if (component) refuseSearched(component, findings)
  return { name, tree, component, inputs, outputs, ...overrides(tree, component, reading) }
}

/** Only a sweep gives values to `${{search_space.x}}`. */
function refuseSearched(component: Definition, findings: Findings): void {
  for (const { name, spot } of component.kind === 'command' ? component.searched : []) {
    const message = `the command takes '${name}' from a search space, but its step is no sweep`
    const suggestion = `write '\${{inputs.${name}}}', or 'type: sweep' in the step`
    findings.error(spot, 'unknown-placeholder', message, suggestion)
  }
}

/** Newer versions of the SDK refuse hyphens, the service takes them. */
function checkStepName(tree: Tree, findings: Findings): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(tree.name)) return
  const message = `'${tree.name}' is not a good name for a step: letters, digits and '_' only`
  const tolerated = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(tree.name)
  const report = tolerated ? findings.warning : findings.error
  report(atKey(tree), 'bad-name', message, nameHint(tree.name))
}

function readStepComponent(
  type: string,
  tree: MappingTree,
  step: Pick<StepDefinition, 'inputs' | 'outputs'>,
  reading: Reading,
): Definition | undefined {
  const { findings } = reading
  const component = entry(tree, 'component')
  if (component) return checkedComponent(tree, component, reading)
  if (type === 'pipeline') {
    const message = `step '${tree.name}' has no component`
    findings.error(atMissing(tree, 'component'), 'missing-component', message, "add 'component: ./file.yml'")
    return undefined
  }
  const inputs = anyPorts(step.inputs)
  return readCommand(tree, { inputs, outputs: step.outputs, inline: true }, reading)
}

function checkedComponent(tree: MappingTree, reference: Tree, reading: Reading): Definition | undefined {
  warnOwnCommand(tree, reading.findings)
  const component = reading.component(reference)
  const type = textEntry(tree, 'type', reading.findings)?.toLowerCase()
  if (!component) return undefined
  const kind = component.kind === 'foreign' ? component.type : component.kind
  if (type && type !== kind) {
    const message = `step '${tree.name}' says type '${type}', but its component is a ${kind}`
    reading.findings.error(at(entry(tree, 'type')!), 'wrong-type', message, `write 'type: ${kind}'`)
  } else if (component.kind === 'foreign') refuseForeign(kind, tree, at(reference), reading.findings)
  return component
}

function warnOwnCommand(tree: MappingTree, findings: Findings): void {
  for (const key of ['command', 'code']) {
    const own = entry(tree, key)
    if (!own) continue
    const message = `step '${tree.name}' has a component: its own '${key}' has no effect`
    findings.warning(atKey(own), 'ignored-key', message)
  }
}

function overrides(tree: MappingTree, component: Definition | undefined, reading: Reading) {
  const nothing = { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
  if (component?.kind === 'command' && component.inline) {
    checkEnvironment(component.tree, component.environment, reading.findings)
    return { ...nothing, distribution: undefined }
  }
  const environment = entry(tree, 'environment')
  if (component?.kind === 'command' && !environment)
    checkEnvironment(component.tree, component.environment, reading.findings)
  return {
    environment: environment && readEnvironment(environment, reading.library),
    environmentVariables: readEnvironmentVariables(tree, reading.library),
    timeoutSeconds: readTimeout(tree, reading.findings),
    distribution: readDistribution(tree, reading.findings),
  }
}
