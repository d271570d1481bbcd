import type { PipelineDefinition, StepDefinition } from './definitions.ts'
import type { Findings } from './findings.ts'
import { didYouMean } from './suggest.ts'
import { at, type ScalarTree, type Spot } from './yaml-tree.ts'

/** An expression that can't stand in a step's inputs. */
export function badExpression(
  inner: string,
  spot: Spot,
  pipeline: PipelineDefinition,
  findings: Findings,
): void {
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

/** Azure ML takes `${parent.inputs.x}`, `{{parent.inputs.x}}`… as plain text, which nobody means. */
export function warnLikeExpression(scalar: ScalarTree, findings: Findings): void {
  const { text } = scalar
  if (!text.includes('parent.') && !text.includes('}}}')) return
  const like = /^[\s$({[<]*(parent\.(?:inputs|outputs|jobs)\.[\w.-]+)[\s)}\]>]*$/.exec(text)?.[1]
  if (like === undefined || /^\s*\$\{\{[^{}]*\}\}\s*$/.test(text)) return
  const message = `'${text}' is taken as plain text, not as an expression`
  findings.warning(at(scalar), 'like-expression', message, `did you mean '\${{${like}}}'?`)
}

function stepExpressions(step: StepDefinition): string[] {
  return [...(step.component?.outputs.keys() ?? [])].map(name => `parent.jobs.${step.name}.outputs.${name}`)
}
