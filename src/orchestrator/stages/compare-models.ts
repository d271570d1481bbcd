import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DatasetVersion, datasetIdentity, parseDatasetReference } from '#datasets/dataset.ts'
import { UserError } from '#errors.ts'
import type { ModelType, RepositorySettings } from '#model-types/model-type.ts'
import { type Comparison, type Contender, compareModels as compare } from '#models/comparison.ts'
import { parsePredictions } from '#models/predictions.ts'
import type { Champion } from '#models/version.ts'
import type { TrainingResult } from './run-ml-pipeline.ts'
import { readLeft, type StageInput, type StageOutput, type StagePorts } from './stage.ts'

/** What `compare-models` leaves: the evidence, and the revision of `best` that it was judged against. */
export interface ComparisonResult extends Comparison, Record<string, unknown> {
  environment: string
  dataset: string
  revision: number
  promoted: boolean
}

/**
 * `compare-models`: re-scores the version that this run's job registered and the current best on the same evaluation
 * dataset, and moves `best` when the challenger is better. Whatever the verdict, the stage succeeds. When `best` has
 * moved meanwhile, it compares again with the new one.
 */
export async function compareModels(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType, settings } = await ports.readModelType(input.source, input.modelType)
  const { version } = await readLeft<TrainingResult>(input, 'run-ml-pipeline')
  const { environment } = input.run
  const dataset = await evaluationDataset(modelType, ports)
  const scorer: Scorer = { modelType, settings, data: `azureml:${dataset.name}:${dataset.version}` }
  for (;;) {
    const champion = await championAgainst(version, modelType.name, environment, ports)
    const incumbent = champion.best === null ? null : await score(champion.best, scorer, input, ports)
    const challenger = await score(version, scorer, input, ports)
    const comparison = compare(modelType.compare.metric, incumbent, challenger)
    const evidence = {
      ...comparison,
      environment,
      dataset: datasetIdentity(dataset),
      revision: champion.revision,
    }
    const moved = comparison.verdict !== 'promote' || (await promote(evidence, modelType.name, input, ports))
    if (moved) return output({ ...evidence, promoted: comparison.verdict === 'promote' })
    input.log(`best of ${modelType.name} in ${environment} has moved meanwhile: comparing with the new one`)
  }
}

async function evaluationDataset(modelType: ModelType, { datasets }: StagePorts): Promise<DatasetVersion> {
  const reference = parseDatasetReference(modelType.compare.dataset)
  if (!reference) {
    throw new UserError(
      'invalid-dataset-reference',
      `'${modelType.compare.dataset}' is not a dataset reference`,
      {
        place: { file: modelType.file, key: 'compare.dataset' },
        hint: 'write azureml:<name>@latest or azureml:<name>:<version>',
      },
    )
  }
  return datasets.find(reference)
}

/** The incumbent to beat. When this very version is best already (we were stopped after the move), the one before it. */
async function championAgainst(
  version: number,
  model: string,
  environment: string,
  { models }: StagePorts,
): Promise<Champion> {
  const current = await models.champions.current(model, environment)
  if (current.best !== version) return current
  const history = await models.champions.history(model, environment)
  const move = history.find(record => record.revision === current.revision)
  return { ...current, best: move?.from ?? null, revision: current.revision - 1 }
}

/** How a version is scored: the code of this run, the same rows for every version. */
interface Scorer {
  modelType: ModelType
  settings: RepositorySettings
  data: string
}

async function score(
  version: number,
  scorer: Scorer,
  input: StageInput,
  ports: StagePorts,
): Promise<Contender> {
  const { modelType, settings, data } = scorer
  const report = await ports.pipelines.run({
    name: `${modelType.name}-${input.run.buildId}-score-${version}`,
    source: input.source,
    file: modelType.compare.score,
    inputs: { model: await ports.models.folder(modelType.name, version), data },
    directory: join(input.out, 'comparison', String(version)),
    environments: settings.environments,
    warmPython: settings.python.warm,
    datastores: settings.datastores,
    trusted: true,
    signal: input.signal,
    log: input.log,
  })
  if (report.status === 'cancelled') input.signal.throwIfAborted()
  if (report.status !== 'completed')
    return {
      version,
      failure: report.steps.find(step => step.error)?.error ?? report.error ?? 'scoring failed',
    }
  return readPredictions(version, report.outputs.predictions, modelType)
}

async function readPredictions(
  version: number,
  output: string | undefined,
  modelType: ModelType,
): Promise<Contender> {
  const file = output && (await firstReadable([join(output, 'predictions.csv'), output]))
  if (!file)
    return { version, failure: "the score component's output 'predictions' holds no predictions.csv" }
  try {
    const predictions = parsePredictions(await readFile(file, 'utf8'), {
      file: 'predictions.csv',
      target: modelType.compare.target,
    })
    return { version, predictions }
  } catch (error) {
    if (error instanceof UserError) return { version, failure: error.message }
    throw error
  }
}

async function firstReadable(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    const readable = await readFile(file).then(
      () => true,
      () => false,
    )
    if (readable) return file
  }
  return undefined
}

function promote(
  evidence: Comparison & { environment: string; revision: number },
  model: string,
  { run }: StageInput,
  { models }: StagePorts,
): Promise<boolean> {
  return models.champions.promote({
    model,
    environment: evidence.environment,
    version: evidence.challenger.version,
    expectedRevision: evidence.revision,
    by: `cd run ${run.buildId}`,
    reason: `${evidence.reason}: ${evidence.explanation}`,
    evidence,
  })
}

function output(result: ComparisonResult): StageOutput {
  return { summary: `${result.verdict} (${result.reason}): ${result.explanation}`, detail: result }
}
