import type { PlannedStep } from '../plan.ts'
import type { OutputTarget, Scope } from './bind-value.ts'
import type { Value } from './check-port.ts'
import type { OutputPort, PipelineDefinition, Port, StepDefinition } from './definitions.ts'
import type { Library } from './library.ts'
import { plannedStep, targets } from './planned-step.ts'
import { stepInput } from './step-input.ts'
import { didYouMean } from './suggest.ts'
import { atKey } from './yaml-tree.ts'

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
  const outputs = new Map([...definition.outputs].map(([name, port]) => [name, rootTarget(port)]))
  addSteps(openScope('', { definition, inputs, outputs, library }), flat)
  return flat
}

/** Nothing encloses the job, so that its outputs' paths stay as they are. */
function rootTarget({ type, path, asset }: OutputPort): OutputTarget {
  return { type, path: path?.text, asset }
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
    else if (component.kind === 'pipeline') addNested(step, component, values, scope, flat)
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
