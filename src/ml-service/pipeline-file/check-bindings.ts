import { badExpression, warnLikeExpression } from './bad-expression.ts'
import type { PipelineDefinition, StepDefinition } from './definitions.ts'
import { type Binding, expressionsIn, parseBinding, unclosedExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { RUN_TIME_NAMES } from './output-path.ts'
import { checkOwnPort } from './placeholders.ts'
import { boundScalars, foreignType, settingScalars } from './step-scalars.ts'
import { didYouMean, didYouMeanOneOf } from './suggest.ts'
import { at, atExpression, entry, type ScalarTree, type Spot } from './yaml-tree.ts'

/** Step outputs that exist without being declared: the job's artifact root. */
export const RESERVED_OUTPUT = 'artifacts'

/** Checks that every expression in the steps' inputs, settings and output paths points at something. */
export function checkBindings(pipeline: PipelineDefinition, findings: Findings): void {
  for (const step of pipeline.steps.values()) {
    const own = foreignType(step) === undefined ? [] : settingScalars(step)
    for (const scalar of boundScalars(step))
      checkScalar(scalar, own.includes(scalar), step, pipeline, findings)
    for (const { path } of step.outputs.values()) if (path) checkOutputPathInputs(path, pipeline, findings)
  }
}

function checkOutputPathInputs(path: ScalarTree, pipeline: PipelineDefinition, findings: Findings): void {
  for (const { inner, index } of expressionsIn(path.text)) {
    const binding = parseBinding(inner)
    if (binding?.to === 'parent-input') {
      checkParentInput(binding.name, atExpression(path, index), pipeline, findings)
    }
  }
}

function checkScalar(
  scalar: ScalarTree,
  own: boolean,
  step: StepDefinition,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
  for (const { inner, text, index } of expressionsIn(scalar.text)) {
    const spot = text === scalar.source ? at(scalar) : atExpression(scalar, index)
    if (scalar.name === 'path' && RUN_TIME_NAMES.includes(inner)) warnNotFilledIn(text, spot, findings)
    else if (!own || !isOwn(inner, step, spot, pipeline, findings))
      checkExpression(inner, spot, step, pipeline, findings)
  }
  const unclosed = unclosedExpression(scalar.text)
  if (unclosed >= 0) {
    findings.error(
      atExpression(scalar, unclosed),
      'bad-expression',
      "'${{' without '}}'",
      "write '${{parent.inputs.name}}'",
    )
  } else warnLikeExpression(scalar, findings)
}

/** Azure ML takes it in the paths of inputs too, as it is. */
function warnNotFilledIn(text: string, spot: Spot, findings: Findings): void {
  const message = `'${text}' is filled in only in the path of an output: here it stays as it is`
  findings.warning(spot, 'like-expression', message)
}

function checkExpression(
  inner: string,
  spot: Spot,
  step: StepDefinition,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
  const binding = parseBinding(inner)
  if (!binding || binding.to === 'parent-output') badExpression(inner, spot, pipeline, findings)
  else if (binding.to === 'parent-input') checkParentInput(binding.name, spot, pipeline, findings)
  else checkStepBinding(binding, spot, step, pipeline, findings)
}

/** Steps that run on Azure ML only name their own ports in arguments, and whole steps in control flow. */
function isOwn(
  inner: string,
  step: StepDefinition,
  spot: Spot,
  pipeline: PipelineDefinition,
  findings: Findings,
): boolean {
  const whole = /^parent\.jobs\.([\w-]+)$/.exec(inner)?.[1]
  if (whole !== undefined) {
    if (!hasStep(whole, pipeline)) reportUnknownStep(whole, step, spot, pipeline, findings)
    return true
  }
  if (!/^(?:inputs|outputs)\./.test(inner)) return false
  if (step.component?.kind === 'foreign') checkOwnPort(inner, spot, step.component, findings)
  return true
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
  if (target && binding.to === 'step-input') checkStepInput(target, binding.name, spot, findings)
  else if (target) checkStepOutput(target, binding.name, spot, findings)
  else if (!hasStep(binding.step, pipeline)) reportUnknownStep(binding.step, step, spot, pipeline, findings)
}

/** A step that is there but could not be read has its own error. */
function hasStep(name: string, pipeline: PipelineDefinition): boolean {
  const jobs = entry(pipeline.tree, 'jobs')
  return pipeline.steps.has(name) || (jobs?.kind === 'mapping' && jobs.entries.has(name))
}

function reportUnknownStep(
  name: string,
  step: StepDefinition,
  spot: Spot,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
  const others = [...pipeline.steps.keys()].filter(other => other !== step.name)
  const message = `the pipeline has no step '${name}'`
  findings.error(spot, 'unknown-step', message, didYouMeanOneOf(name, others, 'steps'))
}

function checkStepInput(target: StepDefinition, name: string, spot: Spot, findings: Findings): void {
  if (!target.component || target.component.inputs.has(name)) return
  const suggestion = didYouMeanOneOf(name, target.component.inputs.keys(), 'inputs')
  findings.error(spot, 'unknown-input', `step '${target.name}' has no input '${name}'`, suggestion)
}

function checkStepOutput(target: StepDefinition, name: string, spot: Spot, findings: Findings): void {
  const { component } = target
  if (!component || (component.kind !== 'pipeline' && name === RESERVED_OUTPUT)) return
  if (!component.outputs.has(name)) {
    const reserved = component.kind === 'pipeline' ? undefined : didYouMean(name, [RESERVED_OUTPUT])
    const suggestion = reserved ?? didYouMeanOneOf(name, component.outputs.keys(), 'outputs')
    findings.error(spot, 'unknown-output', `step '${target.name}' has no output '${name}'`, suggestion)
  } else if (component.kind === 'pipeline' && !component.bindings.has(name)) {
    const message = `no step inside '${target.name}' makes its output '${name}'`
    findings.error(spot, 'unbound-output', message, `bind it inside the pipeline component`)
  }
}
