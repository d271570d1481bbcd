import { UserError } from '#errors.ts'
import type { Plan, Problem } from '../plan.ts'
import { localDisk } from './disk.ts'
import { type PlanOptions, planPipeline } from './plan-pipeline.ts'

export type LintOptions = Pick<PlanOptions, 'target' | 'registry' | 'registered'>

/**
 * Checks a pipeline or component file and everything it refers to on this machine's disk (design §8, `ml lint`). With
 * the target `azureml`, what only Azure ML can run is right.
 */
export function lintPipeline(
  file: string,
  inputs: Record<string, string> = {},
  options: LintOptions = {},
): { valid: boolean; problems: Problem[] } {
  const { problems } = planPipeline(file, { ...localDisk, ...options, inputs, openInputs: true })
  return { valid: problems.every(one => one.severity === 'warning'), problems }
}

/**
 * Plans the pipeline or component file with these inputs (literal text, or absolute paths, URLs, dataset references).
 * Throws a UserError for the first error; `lintPipeline` tells them all.
 */
export function readPlan(
  file: string,
  inputs: Record<string, string>,
  registry?: PlanOptions['registry'],
): Plan {
  const { plan, problems } = planPipeline(file, { ...localDisk, inputs, ...known(registry) })
  if (plan) return plan
  throw firstError(problems)!
}

/** The first error as a UserError that says how many more there are; undefined when there is none. */
export function firstError(problems: readonly Problem[]): UserError | undefined {
  const [first, ...more] = problems.filter(one => one.severity === 'error')
  return first && userError(first, more.length)
}

function known(registry: PlanOptions['registry']): LintOptions {
  return registry ? { registry } : {}
}

function userError(problem: Problem, more: number): UserError {
  const { file, line, column, key, suggestion } = problem
  const others = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})`
  const hint = suggestion === null ? {} : { hint: suggestion }
  return new UserError(problem.rule, `${problem.message}${others}`, {
    place: { file, line, column, key },
    ...hint,
  })
}
