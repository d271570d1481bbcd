import type { PlannedStep, StepInput } from '../plan.ts'
import { bindValue, checkAgainstPort, type OutputTarget, type Scope, type Value } from './bind-value.ts'
import { RESERVED_OUTPUT } from './check-bindings.ts'
import type {
  CommandDefinition,
  Definition,
  OutputPort,
  PipelineDefinition,
  Port,
  StepDefinition,
  StepOutput,
} from './definitions.ts'
import { decideOptional } from './expressions.ts'
import type { Library } from './library.ts'
import { didYouMean } from './suggest.ts'
import { at, atKey, atMissing, lineAndColumn, type Spot } from './yaml-tree.ts'

const MAX_STEPS = 20_000

/** The steps of a pipeline and its pipeline components in one list; bindings may still point at pipeline components. */
export interface FlatSteps {
  steps: PlannedStep[]
  /** By the name of a step that is a pipeline component: which inner step's output each of its outputs is. */
  nested: Map<string, Map<string, { step: string; output: string }>>
}

/** Binds every input of every step. Whatever is wrong goes to the library's findings; then the result is incomplete. */
export function flatten(
  definition: PipelineDefinition,
  inputs: ReadonlyMap<string, Value>,
  library: Library,
): FlatSteps {
  const flat: FlatSteps = { steps: [], nested: new Map() }
  addSteps(openScope('', { definition, inputs, outputs: definition.outputs, library }), flat)
  return flat
}

function addSteps(scope: Scope, flat: FlatSteps): void {
  for (const step of scope.definition.steps.values()) {
    if (flat.steps.length >= MAX_STEPS) {
      reportTooMany(step, scope)
      return
    }
    const { component } = step
    if (!component) continue
    warnUnknownInputs(step, component.inputs, scope)
    const values = new Map([...component.inputs.keys()].map(name => [name, scope.stepInput(step.name, name)]))
    if (component.kind === 'command') flat.steps.push(plannedStep(step, component, values, scope))
    else addNested(step, component, values, scope, flat)
  }
}

function addNested(
  step: StepDefinition,
  component: PipelineDefinition,
  values: Map<string, Value>,
  scope: Scope,
  flat: FlatSteps,
): void {
  const name = scope.prefix + step.name
  const outputs = [...component.bindings].map(([output, binding]) => {
    return [output, { step: `${name}.${binding.step}`, output: binding.output }] as const
  })
  flat.nested.set(name, new Map(outputs))
  const inner = { definition: component, inputs: values, outputs: targets(step, component, scope) }
  addSteps(openScope(`${name}.`, { ...inner, library: scope.library }), flat)
}

function openScope(prefix: string, parts: Omit<Scope, 'prefix' | 'stepInput'>): Scope {
  const known = new Map<string, Value>()
  const scope: Scope = {
    ...parts,
    prefix,
    stepInput(stepName, input) {
      const key = `${stepName}.${input}`
      const before = known.get(key)
      if (before !== undefined) return before
      known.set(key, 'broken') // what a chain of inputs sees that leads back to itself; the cycle is reported
      const value = stepInput(parts.definition.steps.get(stepName)!, input, scope)
      known.set(key, value)
      return value
    },
  }
  return scope
}

function stepInput(step: StepDefinition, name: string, scope: Scope): Value {
  const port = step.component!.inputs.get(name)
  if (!port) return 'broken'
  const tree = step.inputs.get(name)
  const value = tree ? bindValue(tree, port, scope) : 'none'
  if (value !== 'none') return value
  if (port.default) return defaultValue(port, scope.library)
  if (port.optional) return 'none'
  const bound = tree
    ? { spot: at(tree), message: `'${name}' is bound to an input without a value` }
    : undefined
  return missing(step, port, bound, scope)
}

function defaultValue(port: Port, library: Library): Value {
  const { text, type } = port.default!
  if (type === 'null') return 'none'
  const value = { kind: 'literal', type: type as 'string', value: text } as const
  return checkAgainstPort(value, port, at(port.default!), library)
}

function missing(
  step: StepDefinition,
  port: Port,
  bound: { spot: Spot; message: string } | undefined,
  { library }: Scope,
): Value {
  const inputs = step.tree.entries.get('inputs')
  const owner = inputs?.kind === 'mapping' ? inputs : step.tree
  const path = inputs?.kind === 'mapping' ? port.name : `inputs.${port.name}`
  const spot = bound?.spot ?? atMissing(owner, path)
  const kind = port.type === undefined ? '' : ` (${port.type})`
  const message =
    bound?.message ?? `step '${step.name}' does not set the required input '${port.name}'${kind}`
  const unknown = [...step.inputs.keys()].filter(name => !step.component!.inputs.has(name))
  const typo = unknown.find(name => didYouMean(name, [port.name]))
  const suggestion = typo ? `rename '${typo}' to '${port.name}'` : `add '${port.name}: …' to its inputs`
  library.findings.error(spot, 'missing-input', message, bound ? undefined : suggestion)
  return 'broken'
}

function warnUnknownInputs(step: StepDefinition, ports: Map<string, Port>, { library }: Scope): void {
  for (const [name, tree] of step.inputs) {
    if (ports.has(name)) continue
    const message = `the component of step '${step.name}' has no input '${name}': it is ignored`
    library.findings.warning(atKey(tree), 'unknown-input', message, didYouMean(name, ports.keys()))
  }
}

function reportTooMany(step: StepDefinition, { library }: Scope): void {
  library.findings.error(atKey(step.tree), 'too-many-steps', `the pipeline has more than ${MAX_STEPS} steps`)
}

function plannedStep(
  step: StepDefinition,
  component: CommandDefinition,
  values: Map<string, Value>,
  scope: Scope,
): PlannedStep {
  const given = [...values].filter((pair): pair is [string, StepInput] => typeof pair[1] === 'object')
  const { line } = lineAndColumn(step.tree.file, step.tree.keyOffset)
  return {
    name: scope.prefix + step.name,
    needs: [],
    spec: component.spec,
    command: decideOptional(component.command, input => values.get(input) !== 'none'),
    code: component.code,
    environment: step.environment ??
      component.environment ?? { kind: 'inline', image: undefined, conda: undefined },
    environmentVariables: { ...component.environmentVariables, ...step.environmentVariables },
    inputs: Object.fromEntries(given),
    outputs: plannedOutputs(targets(step, component, scope)),
    timeoutSeconds: step.timeoutSeconds ?? component.timeoutSeconds,
    deterministic: component.deterministic,
    place: { file: step.tree.file.path, line },
  }
}

/** What the step says about an output wins over its component, and that over the pipeline output it is bound to. */
function targets(step: StepDefinition, component: Definition, scope: Scope): Map<string, OutputTarget> {
  const names = new Set([...component.outputs.keys(), ...step.outputs.keys()])
  const known = [...names].filter(name => component.outputs.has(name) || name === RESERVED_OUTPUT)
  return new Map(
    known.map(name => [name, target(step.outputs.get(name), component.outputs.get(name), scope)]),
  )
}

function target(own: StepOutput | undefined, port: OutputPort | undefined, scope: Scope): OutputTarget {
  const parent = own?.parentOutput === undefined ? undefined : scope.outputs.get(own.parentOutput)
  return {
    type: own?.type ?? port?.type ?? parent?.type,
    path: own?.path ?? parent?.path ?? port?.path,
  }
}

function plannedOutputs(outputs: Map<string, OutputTarget>): PlannedStep['outputs'] {
  const entries = [...outputs].map(
    ([name, { type, path }]) => [name, { type: type ?? 'uri_folder', path }] as const,
  )
  return Object.fromEntries(entries)
}
