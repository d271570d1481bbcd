import type { PipelineDefinition, StepDefinition } from './definitions.ts'
import { type Binding, expressionsIn, hasUnclosedExpression, parseBinding } from './expressions.ts'
import type { Findings } from './findings.ts'
import { didYouMean, didYouMeanOneOf } from './suggest.ts'
import { at, atFragment, entry, type ScalarTree, type Spot, type Tree } from './yaml-tree.ts'

/** Step outputs that exist without being declared: the job's artifact root. */
export const RESERVED_OUTPUT = 'artifacts'

/** Checks that every expression in the steps' inputs and computes points at something. */
export function checkBindings(pipeline: PipelineDefinition, findings: Findings): void {
  for (const step of pipeline.steps.values()) {
    for (const scalar of boundScalars(step)) checkScalar(scalar, step, pipeline, findings)
  }
}

/** The scalars of a step that may hold expressions: inputs, their `path`s, and `compute`. */
export function boundScalars(step: StepDefinition): ScalarTree[] {
  const compute = entry(step.tree, 'compute')
  const trees: (Tree | undefined)[] = [...step.inputs.values()].map(inputScalar)
  return [...trees, compute].filter(tree => tree?.kind === 'scalar')
}

/** The scalar that holds the value of an input: itself, or its `path`. */
export function inputScalar(input: Tree): ScalarTree | undefined {
  const tree = input.kind === 'mapping' ? (entry(input, 'path') ?? entry(input, 'value')) : input
  return tree?.kind === 'scalar' ? tree : undefined
}

function checkScalar(
  scalar: ScalarTree,
  step: StepDefinition,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
  for (const { inner, text } of expressionsIn(scalar.text)) {
    const spot = text === scalar.source ? at(scalar) : atFragment(scalar, text)
    const binding = parseBinding(inner)
    if (!binding || binding.to === 'parent-output') badExpression(inner, spot, pipeline, findings)
    else if (binding.to === 'parent-input') checkParentInput(binding.name, spot, pipeline, findings)
    else checkStepBinding(binding, spot, step, pipeline, findings)
  }
  if (hasUnclosedExpression(scalar.text)) {
    findings.error(at(scalar), 'bad-expression', "'${{' without '}}'", "write '${{parent.inputs.name}}'")
  }
}

function badExpression(inner: string, spot: Spot, pipeline: PipelineDefinition, findings: Findings): void {
  const known = [
    ...[...pipeline.inputs.keys()].map(name => `parent.inputs.${name}`),
    ...[...pipeline.steps.values()].flatMap(stepExpressions),
  ]
  const withParent = known.includes(`parent.${inner}`) ? `did you mean '\${{parent.${inner}}}'?` : undefined
  const suggestion =
    withParent ??
    didYouMean(inner, known) ??
    "write '${{parent.inputs.name}}' or '${{parent.jobs.step.outputs.name}}'"
  findings.error(spot, 'bad-expression', `'${inner}' has no meaning in a step's inputs`, suggestion)
}

function stepExpressions(step: StepDefinition): string[] {
  return [...(step.component?.outputs.keys() ?? [])].map(name => `parent.jobs.${step.name}.outputs.${name}`)
}

function checkParentInput(name: string, spot: Spot, pipeline: PipelineDefinition, findings: Findings): void {
  if (pipeline.inputs.has(name)) return
  const suggestion = didYouMeanOneOf(name, pipeline.inputs.keys(), 'inputs') ?? `add '${name}' to its inputs`
  findings.error(spot, 'unknown-parent-input', `the pipeline has no input '${name}'`, suggestion)
}

function checkStepBinding(
  binding: Binding & { step: string },
  spot: Spot,
  step: StepDefinition,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
  const target = pipeline.steps.get(binding.step)
  if (target) {
    if (binding.to === 'step-input') checkStepInput(target, binding.name, spot, findings)
    else checkStepOutput(target, binding.name, spot, findings)
    return
  }
  // A step that is there but could not be read has its own error.
  const jobs = entry(pipeline.tree, 'jobs')
  if (jobs?.kind === 'mapping' && jobs.entries.has(binding.step)) return
  const others = [...pipeline.steps.keys()].filter(name => name !== step.name)
  const message = `the pipeline has no step '${binding.step}'`
  findings.error(spot, 'unknown-step', message, didYouMeanOneOf(binding.step, others, 'steps'))
}

function checkStepInput(target: StepDefinition, name: string, spot: Spot, findings: Findings): void {
  if (!target.component || target.component.inputs.has(name)) return
  const suggestion = didYouMeanOneOf(name, target.component.inputs.keys(), 'inputs')
  findings.error(spot, 'unknown-input', `step '${target.name}' has no input '${name}'`, suggestion)
}

function checkStepOutput(target: StepDefinition, name: string, spot: Spot, findings: Findings): void {
  const { component } = target
  if (!component || (component.kind === 'command' && name === RESERVED_OUTPUT)) return
  if (!component.outputs.has(name)) {
    const suggestion = didYouMeanOneOf(name, component.outputs.keys(), 'outputs')
    findings.error(spot, 'unknown-output', `step '${target.name}' has no output '${name}'`, suggestion)
  } else if (component.kind === 'pipeline' && !component.bindings.has(name)) {
    const message = `no step inside '${target.name}' makes its output '${name}'`
    findings.error(spot, 'unbound-output', message, `bind it inside the pipeline component`)
  }
}
