import type { DataType, Plan, PlannedStep, StepInput } from '../plan.ts'
import type { PipelineDefinition } from './definitions.ts'
import type { FlatSteps } from './flatten.ts'

/** Points every binding at the step that really makes the output, and orders the steps. Expects no errors so far. */
export function finishSteps({ steps, nested }: FlatSteps): PlannedStep[] {
  const byName = new Map(steps.map(step => [step.name, step]))
  const finished = steps.map(step => {
    const inputs = Object.entries(step.inputs).map(
      ([name, input]) => [name, settle(input, nested, byName)] as const,
    )
    const needs = inputs.flatMap(([, input]) => (input.kind === 'step' ? [input.step] : []))
    return { ...step, inputs: Object.fromEntries(inputs), needs: [...new Set(needs)] }
  })
  return ordered(finished)
}

/** The pipeline's outputs by the step that makes each; outputs that no step makes are left out. */
export function finishOutputs(definition: PipelineDefinition, { steps, nested }: FlatSteps): Plan['outputs'] {
  const byName = new Map(steps.map(step => [step.name, step]))
  const outputs = [...definition.bindings].map(([name, binding]) => {
    const { step, output } = producer(binding, nested)
    const type = definition.outputs.get(name)?.type ?? outputType(step, output, byName)
    return [name, { type, step, output }] as const
  })
  return Object.fromEntries(outputs)
}

function settle(input: StepInput, nested: FlatSteps['nested'], byName: Map<string, PlannedStep>): StepInput {
  if (input.kind !== 'step') return input
  const { step, output } = producer(input, nested)
  return { kind: 'step', step, output, type: outputType(step, output, byName) }
}

function producer(binding: { step: string; output: string }, nested: FlatSteps['nested']) {
  let { step, output } = binding
  for (let inner = nested.get(step); inner; inner = nested.get(step)) {
    ;({ step, output } = inner.get(output)!)
  }
  return { step, output }
}

function outputType(step: string, output: string, byName: Map<string, PlannedStep>): DataType {
  const outputs = byName.get(step)!.outputs
  return Object.hasOwn(outputs, output) ? outputs[output]!.type : 'uri_folder'
}

/** Kahn's algorithm; steps that become ready together keep the order of the file. */
function ordered(steps: PlannedStep[]): PlannedStep[] {
  const waiting = new Map(steps.map(step => [step.name, step.needs.length]))
  const users = new Map<string, PlannedStep[]>(steps.map(step => [step.name, []]))
  for (const step of steps) for (const need of step.needs) users.get(need)!.push(step)
  const order = steps.filter(step => step.needs.length === 0)
  for (const step of order) {
    for (const user of users.get(step.name)!) {
      const left = waiting.get(user.name)! - 1
      waiting.set(user.name, left)
      if (left === 0) order.push(user)
    }
  }
  return order
}
