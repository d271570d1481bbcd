import { createHash } from 'node:crypto'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { PlannedStep } from '../plan.ts'

/** What a step's result depends on, part by part; each value is a digest, so that nothing of it is revealed. */
export type KeyParts = Record<string, string>

/** What is known about a step when it is about to run. `inputs` holds literals and digests of contents by name. */
export interface StepFacts {
  step: PlannedStep
  code: string | undefined
  requirements: EnvironmentRequirements
  inputs: Record<string, string>
}

/** The parts of a step's key: `spec`, `command`, `code`, `environment`, `sweep`, `distribution`, `variable.<name>`, `input.<name>`, `output.<name>`. */
export function keyParts({ step, code, requirements, inputs }: StepFacts): KeyParts {
  const environment = [requirements.python ?? '', ...[...requirements.requirements].sort()]
  const image = step.environment.kind === 'inline' ? (step.environment.image ?? '') : ''
  return {
    spec: digest(step.spec),
    command: digest(step.command),
    code: code ?? 'none',
    environment: digest(JSON.stringify([image, ...environment])),
    ...(step.sweep ? { sweep: digest(JSON.stringify(step.sweep)) } : {}),
    ...(step.distribution ? { distribution: digest(JSON.stringify(step.distribution)) } : {}),
    ...prefixed('variable', { ...requirements.variables, ...step.environmentVariables }),
    ...prefixed('input', inputs),
    ...prefixed(
      'output',
      mapValues(step.outputs, output => JSON.stringify([output.type, output.path ?? ''])),
    ),
  }
}

const MOST_SHOWN = 2000

/** What of the parts can be shown to people. Environment variables may be secrets, and code is long: they are not. */
export function keyTexts({ step, requirements, inputs }: StepFacts): Record<string, string> {
  const environment = [requirements.python && `python ${requirements.python}`, ...requirements.requirements]
  const texts = {
    command: step.command,
    environment: environment.filter(Boolean).join(', ') || 'no packages',
    ...(step.sweep ? { sweep: JSON.stringify(step.sweep) } : {}),
    ...(step.distribution ? { distribution: JSON.stringify(step.distribution) } : {}),
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`input.${name}`, value.trim()])),
  }
  return mapValues(texts, text => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text))
}

/** The key under which a step with these parts is kept: 64 hexadecimal digits. */
export function stepKey(parts: KeyParts): string {
  const ordered = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify(['step-1', process.platform, process.arch, ordered]))
    .digest('hex')
}

function prefixed(prefix: string, values: Record<string, string>): KeyParts {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, digest(value)]),
  )
}

function mapValues<T>(values: Record<string, T>, text: (value: T) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]))
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
