import type { RunRow } from '#database/schema.ts'
import type { Comparison } from '#models/comparison.ts'
import type { ModelVersion } from '#models/version.ts'
import { knownRun } from '../cancel-run.ts'
import type { Orchestration } from '../orchestration.ts'
import { type RunDocument, runDocuments } from '../run-document.ts'
import { jobName } from '../stages/run-ml-pipeline.ts'
import { type ImageDocument, imageDocument } from './image-document.ts'
import { type ArtifactDocument, artifactOf, type CommitDocument, commitOf, comparisonOf } from './lineage.ts'

/** Why a run exists and what came of it. */
export interface RunExplanation {
  run: RunDocument
  trigger: TriggerDocument
  /** Runs that led to this one: the CI run whose artifact it uses, the run that it retries. */
  parents: RunDocument[]
  children: RunDocument[]
  commit: CommitDocument
  artifact: ArtifactDocument | null
  modelVersion: ModelVersion | null
  comparison: Comparison | null
  image: ImageDocument | null
}

/** What asked for the run. */
export interface TriggerDocument {
  kind: string
  reason: string | null
  pullRequest: number | null
  /** The delivery of the code host that started it, or null when a person or another run did. */
  delivery: {
    id: string
    ref: string
    before: string | null
    after: string | null
    receivedAt: string
  } | null
  /** The changed files that touch the model type. */
  because: { path: string; because: string }[]
}

/** Explains a run, by id or build id. Throws NotFoundError. */
export async function explainRun(o: Orchestration, id: string): Promise<RunExplanation> {
  const run = await knownRun(o, id)
  const [document] = await runDocuments(o.db, [run])
  const [modelVersion = null] = await versionOf(o, run)
  return {
    run: document!,
    trigger: await triggerOf(o, run),
    parents: await parentsOf(o, run),
    children: await childrenOf(o, run),
    commit: commitOf(run),
    artifact: await artifactOf(o, run.pipeline === 'cd' ? String(run.input.ciRun ?? '') : run.id),
    modelVersion,
    comparison: await comparisonOf(o, run.id),
    image: await imageOf(o, run),
  }
}

async function triggerOf({ db }: Orchestration, run: RunRow): Promise<TriggerDocument> {
  const decision = await db
    .selectFrom('triggers')
    .innerJoin('deliveries', 'deliveries.id', 'triggers.delivery')
    .select(['deliveries.id', 'deliveries.payload', 'deliveries.received_at', 'triggers.because'])
    .where('triggers.run', '=', run.id)
    .orderBy('triggers.id')
    .executeTakeFirst()
  const { ref = '', before = null, after = null } = (decision?.payload ?? {}) as Partial<Push>
  const { pullRequest } = run.input as { pullRequest?: number }
  return {
    kind: run.trigger,
    reason: run.reason,
    pullRequest: pullRequest ?? null,
    delivery: decision
      ? { id: decision.id, ref, before, after, receivedAt: decision.received_at.toISOString() }
      : null,
    because: decision?.because ?? [],
  }
}

interface Push {
  ref: string
  before: string | null
  after: string | null
}

async function parentsOf({ db }: Orchestration, run: RunRow): Promise<RunDocument[]> {
  const ids = [String(run.input.ciRun ?? ''), /^retry:(.+)$/.exec(run.key)?.[1] ?? ''].filter(id => id !== '')
  if (ids.length === 0) return []
  const rows = await db.selectFrom('runs').selectAll().where('id', 'in', ids).orderBy('build_id').execute()
  return runDocuments(db, rows)
}

async function childrenOf({ db }: Orchestration, run: RunRow): Promise<RunDocument[]> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where(eb =>
      eb.or([eb('key', '=', `retry:${run.id}`), eb(eb.ref('input', '->>').key('ciRun'), '=', run.id)]),
    )
    .orderBy('build_id')
    .execute()
  return runDocuments(db, rows)
}

/** The version that the run's ML job has registered. */
async function versionOf(o: Orchestration, run: RunRow): Promise<ModelVersion[]> {
  if (run.pipeline !== 'cd') return []
  return o.ports.models.versions({
    job: jobName({ modelType: run.model_type, run: { buildId: run.build_id } }),
  })
}

async function imageOf({ db }: Orchestration, run: RunRow): Promise<ImageDocument | null> {
  const row = await db.selectFrom('images').select('digest').where('run', '=', run.id).executeTakeFirst()
  return row ? imageDocument(db, row.digest) : null
}
