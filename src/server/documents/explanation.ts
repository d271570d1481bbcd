import { z } from '@hono/zod-openapi'
import type { ImageExplanation } from '#orchestrator/explain/explain-image.ts'
import type { ModelExplanation } from '#orchestrator/explain/explain-model.ts'
import type { RunExplanation } from '#orchestrator/explain/explain-run.ts'
import { ImageSchema } from './image.ts'
import { MlJobSchema } from './ml-job.ts'
import { ModelVersionSchema } from './model.ts'
import { RunSchema } from './run.ts'

export type { ImageExplanation } from '#orchestrator/explain/explain-image.ts'
export type { ModelExplanation } from '#orchestrator/explain/explain-model.ts'
export type { RunExplanation, TriggerDocument } from '#orchestrator/explain/explain-run.ts'
export type { CommitDocument, Lineage } from '#orchestrator/explain/lineage.ts'

const CommitSchema = z.object({
  id: z.string(),
  repository: z.string(),
  branch: z.string(),
  committedAt: z.string().nullable(),
})

const ArtifactSchema = z
  .object({
    digest: z.string(),
    run: z.string(),
    modelType: z.string(),
    commit: z.string(),
    bytes: z.number(),
    files: z.array(z.object({ path: z.string(), bytes: z.number(), digest: z.string() })),
    createdAt: z.string(),
  })
  .openapi('Artifact')

const contender = z.object({ version: z.number(), value: z.number().nullable() })

const ComparisonSchema = z
  .looseObject({
    verdict: z.enum(['promote', 'keep', 'inconclusive', 'invalid']),
    reason: z.string(),
    explanation: z.string(),
    metric: z.string(),
    direction: z.enum(['higher', 'lower']),
    champion: contender.nullable(),
    challenger: contender,
    difference: z.number().nullable(),
    interval: z.array(z.number()).nullable(),
    pValue: z.number().nullable(),
    rows: z.number(),
    guardrails: z.array(z.unknown()),
    slices: z.array(z.unknown()),
  })
  .openapi('Comparison')

const lineage = {
  modelVersion: ModelVersionSchema,
  mlJob: MlJobSchema.nullable(),
  datasets: z.array(
    z.object({ name: z.string(), version: z.number(), digest: z.string(), rows: z.number().nullable() }),
  ),
  artifact: ArtifactSchema.nullable(),
  ciRun: RunSchema.nullable(),
  cdRun: RunSchema.nullable(),
  commit: CommitSchema.nullable(),
  comparison: ComparisonSchema.nullable(),
}

export const ImageExplanationSchema = z
  .object({ image: ImageSchema, ...lineage })
  .openapi('ImageExplanation') as unknown as z.ZodType<ImageExplanation>

export const ModelExplanationSchema = z
  .object({
    ...lineage,
    bestIn: z.array(z.unknown()),
    promotions: z.array(z.unknown()),
    images: z.array(ImageSchema),
  })
  .openapi('ModelExplanation') as unknown as z.ZodType<ModelExplanation>

export const RunExplanationSchema = z
  .object({
    run: RunSchema,
    trigger: z.object({
      kind: z.string(),
      reason: z.string().nullable(),
      pullRequest: z.number().nullable(),
      delivery: z.unknown(),
      because: z.array(z.object({ path: z.string(), because: z.string() })),
    }),
    parents: z.array(RunSchema),
    children: z.array(RunSchema),
    commit: CommitSchema,
    artifact: ArtifactSchema.nullable(),
    modelVersion: ModelVersionSchema.nullable(),
    comparison: ComparisonSchema.nullable(),
    image: ImageSchema.nullable(),
  })
  .openapi('RunExplanation') as unknown as z.ZodType<RunExplanation>
