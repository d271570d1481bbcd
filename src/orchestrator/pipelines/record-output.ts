import type { RunRow } from '#database/schema.ts'
import type { InferenceImage, ValidationReport } from '#packaging/image.ts'
import type { Orchestration } from '../orchestration.ts'
import { runFolders } from '../orchestration.ts'
import type { ComparisonResult } from '../stages/compare-models.ts'
import type { PushedImage } from '../stages/push-inference-image.ts'
import { readLeft } from '../stages/stage.ts'
import type { StageName } from '../stages/stages.ts'

/** Writes what lineage asks for later (artifacts, comparisons, images) into their tables. May be called twice. */
export async function recordOutput(
  o: Orchestration,
  run: RunRow,
  stage: StageName,
  detail: Record<string, unknown>,
): Promise<void> {
  if (stage === 'package-artifacts') await recordArtifact(o, run, detail)
  if (stage === 'compare-models') await recordComparison(o, run, detail as ComparisonResult)
  if (stage === 'push-inference-image') await recordImage(o, run, detail as PushedImage)
}

async function recordArtifact(
  { db }: Orchestration,
  run: RunRow,
  detail: Record<string, unknown>,
): Promise<void> {
  await db
    .insertInto('artifacts')
    .values({
      digest: String(detail.digest),
      run: run.id,
      model_type: run.model_type,
      commit: run.commit,
      bytes: Number(detail.bytes),
      manifest: JSON.stringify(detail.manifest),
    })
    .onConflict(oc => oc.column('run').doNothing())
    .execute()
}

async function recordComparison({ db }: Orchestration, run: RunRow, result: ComparisonResult): Promise<void> {
  await db
    .insertInto('comparisons')
    .values({
      run: run.id,
      model: run.model_type,
      environment: result.environment,
      challenger: result.challenger.version,
      champion: result.champion?.version ?? null,
      verdict: result.verdict,
      evidence: JSON.stringify(result),
    })
    .onConflict(oc => oc.column('run').doNothing())
    .execute()
}

async function recordImage(o: Orchestration, run: RunRow, pushed: PushedImage): Promise<void> {
  const left = { in: runFolders(o, run.id).out }
  const image = await readLeft<InferenceImage & { modelVersion: number }>(left, 'build-inference-image')
  const validation = await readLeft<ValidationReport>(left, 'validate-inference-image')
  await o.db
    .insertInto('images')
    .values({
      digest: pushed.digest,
      repository: pushed.repository,
      model_type: run.model_type,
      model_version: image.modelVersion,
      commit: run.commit,
      build_id: run.build_id,
      run: run.id,
      artifact: String(run.input.artifact ?? ''),
      size: image.size,
      validation: JSON.stringify(validation),
    })
    .onConflict(oc => oc.column('digest').doNothing())
    .execute()
  for (const tag of pushed.tags) await moveTag(o, pushed, tag)
}

async function moveTag(
  { db }: Orchestration,
  { repository, digest }: PushedImage,
  tag: string,
): Promise<void> {
  await db
    .insertInto('image_tags')
    .values({ repository, tag, digest })
    .onConflict(oc => oc.columns(['repository', 'tag']).doUpdateSet({ digest }))
    .execute()
}
