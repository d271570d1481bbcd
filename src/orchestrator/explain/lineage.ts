import { findRun } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { type DatasetVersion, parseDatasetReference } from '#datasets/dataset.ts'
import { NotFoundError } from '#errors.ts'
import type { Comparison } from '#models/comparison.ts'
import type { ModelVersion } from '#models/version.ts'
import { type MlJobDocument, mlJobDocument } from '../ml-jobs/ml-job-document.ts'
import type { Orchestration } from '../orchestration.ts'
import { type RunDocument, runDocuments } from '../run-document.ts'
import type { ArtifactManifest } from '../stages/package-artifacts.ts'

/** Where a model version comes from, link by link. A link that isn't recorded is null. */
export interface Lineage {
  modelVersion: ModelVersion
  mlJob: MlJobDocument | null
  /** The registered data that the job read. */
  datasets: Pick<DatasetVersion, 'name' | 'version' | 'digest' | 'rows'>[]
  artifact: ArtifactDocument | null
  ciRun: RunDocument | null
  /** The run that trained it. */
  cdRun: RunDocument | null
  commit: CommitDocument | null
  /** The evidence of the comparison in that run. */
  comparison: Comparison | null
}

/** What CI packaged. */
export interface ArtifactDocument {
  digest: string
  run: string
  modelType: string
  commit: string
  bytes: number
  files: ArtifactManifest['files']
  createdAt: string
}

export interface CommitDocument {
  id: string
  repository: string
  branch: string
  committedAt: string | null
}

/** Follows a model version back to the commit. Throws NotFoundError for an unknown version. */
export async function lineageOf(o: Orchestration, name: string, version: number): Promise<Lineage> {
  const [modelVersion] = await o.ports.models.versions({ model: name, version })
  if (!modelVersion) throw noVersion(name, version)
  const { ml_job, dataset = '' } = modelVersion.properties
  const mlJob = ml_job === undefined ? null : await orNull(mlJobDocument(o.db, ml_job))
  const cd = mlJob?.run ? await findRun(o.db, mlJob.run) : undefined
  return {
    modelVersion,
    mlJob,
    datasets: await datasetsOf(o, dataset),
    ...(await originOf(o, cd)),
    comparison: cd ? await comparisonOf(o, cd.id) : null,
  }
}

/** The runs, the artifact and the commit that a CD run stands on. */
export async function originOf(
  o: Orchestration,
  cd: RunRow | undefined,
): Promise<Pick<Lineage, 'artifact' | 'ciRun' | 'cdRun' | 'commit'>> {
  const { ciRun: ciId } = (cd?.input ?? {}) as { ciRun?: string }
  const ci = ciId === undefined ? undefined : await findRun(o.db, ciId)
  const [cdRun = null] = await runDocuments(o.db, cd ? [cd] : [])
  const [ciRun = null] = await runDocuments(o.db, ci ? [ci] : [])
  const source = ci ?? cd
  return {
    artifact: ci ? await artifactOf(o, ci.id) : null,
    ciRun,
    cdRun,
    commit: source ? commitOf(source) : null,
  }
}

/** What a CI run has packaged, or null. */
export async function artifactOf({ db }: Orchestration, run: string): Promise<ArtifactDocument | null> {
  const row = await db.selectFrom('artifacts').selectAll().where('run', '=', run).executeTakeFirst()
  if (!row) return null
  const { files = [] } = row.manifest as Partial<ArtifactManifest>
  const { digest, commit, bytes } = row
  const createdAt = row.created_at.toISOString()
  return { digest, run, modelType: row.model_type, commit, bytes, files, createdAt }
}

/** The evidence of a run's comparison, or null. */
export async function comparisonOf({ db }: Orchestration, run: string): Promise<Comparison | null> {
  const row = await db.selectFrom('comparisons').select('evidence').where('run', '=', run).executeTakeFirst()
  return (row?.evidence as Comparison | undefined) ?? null
}

export function commitOf({ commit, repository, branch, input }: RunRow): CommitDocument {
  const { committedAt } = input as { committedAt?: string }
  return { id: commit, repository, branch, committedAt: committedAt ?? null }
}

/** From the identities `name:version:sha256:…` that a model's property lists. */
async function datasetsOf(o: Orchestration, identities: string): Promise<Lineage['datasets']> {
  const references = identities.split(',').flatMap(identity => {
    const [, reference, digest] = /^([^:]+:\d+):(.+)$/.exec(identity.trim()) ?? []
    const parsed = reference === undefined ? undefined : parseDatasetReference(reference)
    return parsed && digest && parsed.version !== 'latest'
      ? [{ ...parsed, version: parsed.version, digest }]
      : []
  })
  return Promise.all(
    references.map(async reference => {
      const known = await orNull(o.ports.datasets.find(reference))
      return { ...reference, rows: known?.rows ?? null }
    }),
  )
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  return found.catch(error => {
    if (error instanceof NotFoundError) return null
    throw error
  })
}

function noVersion(name: string, version: number): NotFoundError {
  return new NotFoundError('no-such-version', `model ${name} has no version ${version}`, {
    hint: `see \`millwright model versions ${name}\``,
  })
}
