import { StageFailure, UserError } from '#errors.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { EnvironmentMap } from '../job.ts'
import type { PlannedStep } from '../plan.ts'

/**
 * The Python requirements of a step's environment: a reference is looked up in the map (exact name, then globs in the
 * order of the map), an inline environment has its conda specification. A bare image means none.
 * Throws UserError `unknown-environment` or `conda-package`.
 */
export function requirementsOf(step: PlannedStep, environments: EnvironmentMap): EnvironmentRequirements {
  const { environment } = step
  if (environment.kind === 'inline') {
    return environment.conda === undefined ? { requirements: [] } : fromConda(environment.conda, step)
  }
  const { reference } = environment
  const entry = environments[reference] ?? globbed(reference, environments)
  if (entry) return entry
  throw new UserError(
    'unknown-environment',
    `step '${step.name}': no environment is known as '${reference}'`,
    {
      place: { ...step.place, key: `jobs.${step.name}.environment` },
      hint: `add it under 'environments:' in millwright.yml, with the Python requirements that it stands for`,
    },
  )
}

function globbed(reference: string, environments: EnvironmentMap): EnvironmentRequirements | undefined {
  const match = Object.keys(environments).find(
    pattern => pattern.includes('*') && matches(pattern, reference),
  )
  return match === undefined ? undefined : environments[match]
}

/** `*` stands for anything, also for `/`. Linear in the length of both. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop() ?? ''
  if (!text.startsWith(first)) return false
  let position = first.length
  for (const part of parts) {
    const found = text.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return text.length >= position + last.length && text.endsWith(last)
}

interface CondaSpecification {
  dependencies?: unknown[]
}

function fromConda(conda: string, step: PlannedStep): EnvironmentRequirements {
  const { dependencies = [] } = JSON.parse(conda) as CondaSpecification
  const result: EnvironmentRequirements = { requirements: [] }
  for (const dependency of dependencies) {
    if (typeof dependency !== 'string') result.requirements.push(...pipLines(dependency))
    else addCondaPackage(dependency, result, step)
  }
  return result
}

function pipLines(dependency: unknown): string[] {
  const pip = (dependency as { pip?: unknown } | null)?.pip
  return Array.isArray(pip) ? pip.map(String) : []
}

/** Packages that conda needs for itself or that every environment has. */
const CONDA_ONLY = new Set(['pip', 'setuptools', 'wheel', 'ca-certificates', 'openssl'])

/** `name=1.2` is conda's way to say `name==1.2.*`; a channel prefix (`conda-forge::name`) doesn't matter here. */
function addCondaPackage(text: string, into: EnvironmentRequirements, step: PlannedStep): void {
  const match = /^(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)\s*(.*)$/.exec(text.trim())
  if (!match) throw new StageFailure(`step '${step.name}': '${text}' isn't a conda package`)
  const [, name = '', rest = ''] = match
  const version = pipVersion(rest)
  if (name === 'python') into.python = version
  else if (!CONDA_ONLY.has(name)) into.requirements.push(`${name}${version ?? ''}`)
}

function pipVersion(conda: string): string | undefined {
  const [version = ''] = conda.trim().split(/\s+|(?<=\d)=(?=[a-z])/)
  if (version === '') return undefined
  if (/^[<>!~]=?|^==/.test(version)) return version
  const number = version.replace(/^=/, '')
  return /\*$/.test(number) || exact(number) ? `==${number}` : `==${number}.*`
}

function exact(version: string): boolean {
  return version.split('.').length >= 3
}
