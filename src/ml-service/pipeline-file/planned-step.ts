import type { PlannedOutput, PlannedStep, StepInput } from '../plan.ts'
import type { OutputTarget, Scope } from './bind-value.ts'
import { RESERVED_OUTPUT } from './check-bindings.ts'
import type { Value } from './check-port.ts'
import type { CommandDefinition, Definition, OutputPort, StepDefinition, StepOutput } from './definitions.ts'
import { decideOptional } from './expressions.ts'
import { lateDistribution, lateInteger, latePath, lateText } from './late-values.ts'
import { entry, lineAndColumn, toJson } from './yaml-tree.ts'

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
    spec: specOf(step, component),
    command: decideOptional(component.command, input => values.get(input) !== 'none'),
    code: component.code,
    environment: step.environment ??
      component.environment ?? { kind: 'inline', image: undefined, conda: undefined },
    environmentVariables: variables(
      { ...component.environmentVariables, ...step.environmentVariables },
      scope,
    ),
    inputs: Object.fromEntries(given),
    outputs: plannedOutputs(targets(step, component, scope)),
    timeoutSeconds: lateInteger(step.timeoutSeconds ?? component.timeoutSeconds, scope),
    deterministic: component.deterministic,
    ...optional('distribution', lateDistribution(step.distribution ?? component.distribution, scope)),
    ...optional('sweep', component.sweep),
    place: { file: step.tree.file.path, line },
  }
}

/** The component's, with what the step sets over it that may change its result. */
function specOf({ tree, distribution }: StepDefinition, { spec }: CommandDefinition): string {
  if (!distribution) return spec
  return JSON.stringify({ ...JSON.parse(spec), distribution: toJson(entry(tree, 'distribution')!) })
}

function variables(texts: Record<string, string>, scope: Scope): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, lateText(text, scope)]))
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [key in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]?: T })
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
    path: latePath(own?.path, scope) ?? parent?.path ?? latePath(port?.path, scope),
    asset: own?.asset ?? parent?.asset,
  }
}

function plannedOutputs(outputs: Map<string, OutputTarget>): PlannedStep['outputs'] {
  const entries = [...outputs].map(
    ([name, { type, path, asset }]) =>
      [name, { type: type ?? 'uri_folder', path, ...asset } as PlannedOutput] as const,
  )
  return Object.fromEntries(entries)
}
