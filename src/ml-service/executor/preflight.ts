import { stat } from 'node:fs/promises'
import { UserError } from '#errors.ts'
import type { PlannedStep, StepInput } from '../plan.ts'
import { datastorePath } from './datastore-path.ts'
import type { JobContext } from './job-context.ts'

/**
 * Finds what would fail later, before anything is run: unknown environments, missing data of any origin, names that
 * can't be folders. Remote data is fetched. Throws the first UserError. Datastores are looked at when a step begins.
 */
export async function preflight(job: JobContext): Promise<void> {
  const { steps, inputs } = job.request.plan
  for (const step of steps) {
    checkName(step)
    checkAssets(step)
    job.requirements(step)
  }
  if (job.request.freezeCode) await freezeCode(job)
  const owners = [...steps.map(step => step.inputs), inputs]
  const data = owners.flatMap(owner => Object.values(owner)).filter(input => input.kind === 'data')
  const distinct = new Map(
    data.map(input => [`${input.source.kind}:${input.source.value}:${input.type}`, input]),
  )
  for (const input of distinct.values()) await checkData(job, input)
}

async function freezeCode(job: JobContext): Promise<void> {
  for (const { code } of job.request.plan.steps) if (code !== undefined) await job.code(code)
}

function checkName({ name, place }: PlannedStep): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) return
  throw new UserError('bad-step-name', `'${name}' can't be the name of a step`, {
    place,
    hint: 'use letters, digits, underscores and hyphens',
  })
}

/** Versions of datasets are numbers here; Azure ML allows any text. */
function checkAssets({ outputs, place }: PlannedStep): void {
  for (const [output, { name, version }] of Object.entries(outputs)) {
    if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
      const options = { place, hint: 'use letters, digits, dots, hyphens and underscores' }
      throw new UserError(
        'invalid-name',
        `'${name}' can't be the name of the dataset from output '${output}'`,
        options,
      )
    }
    if (version === undefined || /^[1-9][0-9]{0,8}$/.test(version)) continue
    throw new UserError('bad-version', `output '${output}' asks for the dataset version '${version}'`, {
      place,
      hint: 'versions are whole numbers from 1; leave it out for the next one',
    })
  }
}

async function checkData(job: JobContext, input: Extract<StepInput, { kind: 'data' }>): Promise<void> {
  const { kind, value } = input.source
  if (kind !== 'path' && !datastorePath(value)) await job.data(input.source, input.type)
  if (kind === 'path' && !(await stat(value).catch(() => undefined))) {
    throw new UserError('missing-data', `the input data ${value} isn't there`)
  }
}
