import { UserError } from '#errors.ts'
import { readCondaPackage } from '#model-types/conda-package.ts'
import { nearest } from '#model-types/nearest.ts'
import { pythonOfImage } from '#model-types/python-image.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { EnvironmentMap } from '../job.ts'
import type { PlannedStep } from '../plan.ts'

/**
 * The Python requirements of a step's environment: a reference is looked up in the map (exact name, then globs in the
 * order of the map), an inline environment has its conda specification. A bare image means none, with the Python that
 * its tag names. Throws UserError `unknown-environment` or `conda-package`.
 */
export function requirementsOf(step: PlannedStep, environments: EnvironmentMap): EnvironmentRequirements {
  const { environment } = step
  if (environment.kind === 'inline') {
    return environment.conda === undefined ? fromImage(environment.image) : fromConda(environment.conda, step)
  }
  const { reference } = environment
  const entry = environments[reference] ?? globbed(reference, environments)
  if (entry) return { name: shortName(reference), ...entry }
  throw unknown(step, reference, Object.keys(environments))
}

/** `sklearn-1.5` of `azureml://registries/azureml/environments/sklearn-1.5/labels/latest`. */
function shortName(reference: string): string {
  const inRegistry = /\/environments\/([^/]+)/.exec(reference)?.[1]
  return inRegistry ?? reference.replace(/^azureml:/, '').replace(/[@:].*$/, '')
}

function unknown(step: PlannedStep, reference: string, known: string[]): UserError {
  const names = new Map(known.map(one => [shortName(one).replace(/\*$/, ''), one]))
  const meant = names.get(nearest(shortName(reference), [...names.keys()]) ?? '')
  const line = `"${reference}": { python: "3.10", requirements: [numpy==1.26.4] }`
  return new UserError(
    'unknown-environment',
    `step '${step.name}': no environment is known as '${reference}'`,
    {
      place: { ...step.place, key: `jobs.${step.name}.environment` },
      hint: `${meant ? `did you mean '${meant}'? Otherwise add` : 'add'} under 'environments:' in mlops/millwright.yml what it stands for, e.g. ${line}`,
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

/** Python's own images have that version and no other; other images that name one are only likely to need it. */
function fromImage(image: string | undefined): EnvironmentRequirements {
  const { minor, isOfficial } = pythonOfImage(image ?? '')
  if (minor === undefined) return { requirements: [] }
  return isOfficial ? { python: `==${minor}.*`, requirements: [] } : { preferred: minor, requirements: [] }
}

interface CondaSpecification {
  name?: unknown
  dependencies?: unknown[]
  variables?: Record<string, unknown> | null
}

function fromConda(conda: string, step: PlannedStep): EnvironmentRequirements {
  const { name, dependencies = [], variables } = JSON.parse(conda) as CondaSpecification
  const result: EnvironmentRequirements = { requirements: [] }
  if (typeof name === 'string' && name !== '') result.name = name
  if (variables) result.variables = mapValues(variables, String)
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

function addCondaPackage(text: string, into: EnvironmentRequirements, step: PlannedStep): void {
  const read = readCondaPackage(text)
  if (read.kind === 'requirement') into.requirements.push(read.line)
  if (read.kind === 'python' && read.range !== undefined) into.python = read.range
  if (read.kind !== 'refused') return
  const message = `step '${step.name}': ${read.message}`
  throw new UserError('conda-package', message, { place: step.place, hint: read.hint })
}

function mapValues<A, B>(values: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
