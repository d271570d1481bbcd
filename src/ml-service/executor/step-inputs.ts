import { mkdir, stat, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { PlannedStep, StepInput } from '../plan.ts'
import { datastorePath, datastorePlace, isUrl } from './datastore-path.ts'
import type { JobContext } from './job-context.ts'
import { isShellSafe } from './job-folder.ts'

/** An input as the step gets it: the literal's text, or a local path. */
export interface ReadyInput {
  text: string
  literal: boolean
  /** What the step's result depends on. */
  identity: string
  /** Of the contents of data. */
  digest?: string
}

/** Resolves a step's inputs. Throws StageFailure or UserError for data that can't be had. */
export async function readyInputs(job: JobContext, step: PlannedStep): Promise<Record<string, ReadyInput>> {
  const entries = Object.entries(step.inputs)
  const ready = await Promise.all(entries.map(([, input]) => readyInput(job, input)))
  return Object.fromEntries(entries.map(([name], index) => [name, ready[index]!]))
}

/**
 * Links each data input as `INPUT_<name>` in the folder that scripts know as AZUREML_CR_DATA_CAPABILITY_PATH, and
 * inputs whose paths would mean something else in a shell command a second time; returns what the command is given.
 */
export async function placeInputs(
  job: JobContext,
  step: PlannedStep,
  inputs: Record<string, ReadyInput>,
): Promise<Record<string, ReadyInput>> {
  const placed = Object.entries(inputs).map(async ([name, input]) => {
    if (input.literal) return [name, input] as const
    const inputsFolder = join(job.folder.root, job.folder.step(step.name).inputs)
    await symlink(input.text, join(inputsFolder, `INPUT_${name}`))
    if (isShellSafe(input.text)) return [name, input] as const
    const folder = join(inputsFolder, name)
    const link = join(folder, basename(input.text).replace(/[^\p{L}\p{N}._-]/gu, '_'))
    await mkdir(folder, { recursive: true })
    await symlink(input.text, link)
    return [name, { ...input, text: link }] as const
  })
  return Object.fromEntries(await Promise.all(placed))
}

async function readyInput(job: JobContext, input: StepInput): Promise<ReadyInput> {
  if (input.kind === 'literal') return { text: input.value, literal: true, identity: input.value }
  const { path, digest } = input.kind === 'step' ? outputOf(job, input) : await dataOf(job, input)
  const name = input.type === 'uri_file' ? basename(path) : ''
  return { text: path, literal: false, identity: `${digest} ${name}`, digest }
}

function outputOf(job: JobContext, { step, output }: Extract<StepInput, { kind: 'step' }>) {
  const found = job.outputs.get(step)?.[output]
  if (!found) throw new StageFailure(`step '${step}' left no output '${output}'`)
  return { path: join(job.folder.root, found.path), digest: found.digest }
}

function dataOf(job: JobContext, input: Extract<StepInput, { kind: 'data' }>) {
  const own = input.source.kind === 'url' ? datastorePath(input.source.value) : undefined
  return own === undefined ? job.data(input.source, input.type) : storedData(job, own, input)
}

/** What an earlier step of this job wrote, else what the datastore has; a folder that isn't there has nothing in it. */
async function storedData(job: JobContext, own: string, input: Extract<StepInput, { kind: 'data' }>) {
  const place = datastorePlace(job.request.datastores, own)
  const known = [join(job.folder.root, own), ...(place === undefined || isUrl(place) ? [] : [place])]
  for (const path of known) {
    if (await stat(path).catch(() => undefined)) return { path, digest: await job.ports.digest(path) }
  }
  if (place !== undefined && isUrl(place)) return job.data({ kind: 'url', value: place }, input.type)
  if (input.type === 'uri_file') throw new StageFailure(`there is nothing at ${input.source.value}`)
  const path = join(job.folder.root, 'nothing', own)
  await mkdir(path, { recursive: true })
  return { path, digest: await job.ports.digest(path) }
}
