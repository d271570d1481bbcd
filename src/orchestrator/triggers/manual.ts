import { randomUUID } from 'node:crypto'
import { latestArtifact } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { parseDatasetReference } from '#datasets/dataset.ts'
import { NotFoundError, UserError } from '#errors.ts'
import { modelTypeFolders, readModelTypes } from '#model-types/read-repository.ts'
import type { Orchestration } from '../orchestration.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { environmentOf, withTree } from './branches.ts'
import { startRun } from './start-run.ts'

export interface ManualStart {
  pipeline: 'pr' | 'ci' | 'cd'
  modelType: string
  /** `name:version` to train with; CD only. */
  dataset?: string | undefined
  reason?: string | undefined
  /** Full commit id; by default the tip of the branch (PR, CI) or the latest packaged commit (CD). */
  commit?: string | undefined
  /** Branch of the environment, default `main`. */
  branch?: string | undefined
  repository?: string | undefined
  /** Makes a repeated request find the first one's run. */
  idempotencyKey?: string | undefined
}

/** `manual`: somebody asks for a run and says why; with a dataset version when material or equipment has changed. */
export async function manual(o: Orchestration, engine: PipelineEngine, start: ManualStart): Promise<RunRow> {
  refuseHostileName(start.modelType)
  const key = `${start.pipeline}:manual:${start.idempotencyKey ?? randomUUID()}`
  const branch = start.branch ?? 'main'
  const reason = start.reason ?? null
  const common = { key, pipeline: start.pipeline, model_type: start.modelType, reason, branch }
  if (start.pipeline === 'cd') {
    const { digest, repository, run: ciRun, commit, environment, input } = await packaged(o, start, branch)
    const dataset = start.dataset ? await datasetToTrainWith(o, start.dataset) : null
    const trigger = dataset ? 'new-dataset' : 'manual'
    const cdInput = { artifact: digest, ciRun, committedAt: input.committedAt }
    return (
      await startRun(o, engine, {
        ...common,
        trigger,
        repository,
        commit,
        environment,
        dataset,
        input: cdInput,
      })
    ).run
  }
  if (start.dataset) {
    throw new UserError('dataset-not-used', `a ${start.pipeline} run doesn't train`, {
      hint: 'give --dataset with `run start cd`',
    })
  }
  const { repository, commit } = await codeToCheck(o, start, branch)
  const environment = start.pipeline === 'ci' ? await environmentOf(o, repository, commit, branch) : null
  return (
    await startRun(o, engine, {
      ...common,
      trigger: 'manual',
      repository,
      commit,
      environment,
      dataset: null,
      input: {},
    })
  ).run
}

function refuseHostileName(modelType: string): void {
  if (/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(modelType)) return
  throw new UserError('invalid-name', `no model type can be called ${JSON.stringify(modelType)}`, {
    hint: 'see `millwright model-type list`',
  })
}

async function packaged(o: Orchestration, start: ManualStart, branch: string) {
  const commit = start.commit ? { commit: start.commit } : {}
  const artifact = await latestArtifact(o.db, { modelType: start.modelType, branch, ...commit })
  if (artifact) return artifact
  throw new NotFoundError(
    'no-artifact',
    `no CI run of ${start.modelType} on ${branch} has packaged ${start.commit ?? 'a commit'}`,
    {
      hint: `start one: millwright run start ci --model-type ${start.modelType}`,
    },
  )
}

async function datasetToTrainWith({ ports }: Orchestration, text: string): Promise<string> {
  const reference = parseDatasetReference(text)
  if (!reference) {
    throw new UserError('invalid-dataset-reference', `'${text}' is not a dataset reference`, {
      hint: 'write name:version or name@latest',
    })
  }
  const { name, version } = await ports.datasets.find(reference)
  return `${name}:${version}`
}

async function codeToCheck(
  o: Orchestration,
  start: ManualStart,
  branch: string,
): Promise<{ repository: string; commit: string }> {
  const repositories = start.repository
    ? [{ name: start.repository }]
    : await o.db.selectFrom('repositories').select('name').orderBy('created_at').execute()
  for (const { name } of repositories) {
    const refs = await o.codeHost.refs(name)
    const commit = start.commit ?? refs[`refs/heads/${branch}`]
    if (commit && (await hasModelType(o, name, commit, start.modelType))) return { repository: name, commit }
  }
  throw new NotFoundError(
    'no-such-model-type',
    `no repository has the model type '${start.modelType}' on ${branch}`,
    {
      hint: 'see `millwright model-type list` and `millwright repo list`',
    },
  )
}

/** One whose declaration can't be read counts: its run fails and says why. */
async function hasModelType(
  o: Orchestration,
  repository: string,
  commit: string,
  modelType: string,
): Promise<boolean> {
  return withTree(o, repository, commit, async tree => {
    const { modelTypes } = readModelTypes(tree)
    return modelTypes.some(({ name }) => name === modelType) || modelTypeFolders(tree).includes(modelType)
  })
}
