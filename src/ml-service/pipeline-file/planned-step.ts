import type { PlannedStep, StepInput } from '../plan.ts'
import type { OutputTarget, Scope } from './bind-value.ts'
import { RESERVED_OUTPUT } from './check-bindings.ts'
import type { Value } from './check-port.ts'
import type { CommandDefinition, Definition, OutputPort, StepDefinition, StepOutput } from './definitions.ts'
import { decideOptional } from './expressions.ts'
import { lineAndColumn } from './yaml-tree.ts'

/** A step with its bound inputs; `needs` is found out when all steps are known. */
export function plannedStep(
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
export function targets(
  step: StepDefinition,
  component: Definition,
  scope: Scope,
): Map<string, OutputTarget> {
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
