import { buildInferenceImage } from './build-inference-image.ts'
import { checkCode } from './check-code.ts'
import { compareModels } from './compare-models.ts'
import { downloadArtifacts } from './download-artifacts.ts'
import { packageArtifacts } from './package-artifacts.ts'
import { publishMlPipeline } from './publish-ml-pipeline.ts'
import { pushInferenceImage } from './push-inference-image.ts'
import { collectTraining } from './run-ml-pipeline.ts'
import { runUnitTests } from './run-unit-tests.ts'
import type { Stage } from './stage.ts'
import { tagModel } from './tag-model.ts'
import { validateInferenceImage } from './validate-inference-image.ts'
import { validateModelLocally } from './validate-model-locally.ts'

/** Every stage by its name, and whether it runs commands and so needs an agent. Waiting for training needs none. */
export const STAGES = {
  'code-quality': { run: checkCode, agent: true },
  'unit-tests': { run: runUnitTests, agent: true },
  'local-model-validation': { run: validateModelLocally, agent: true },
  'package-artifacts': { run: packageArtifacts, agent: false },
  'download-artifacts': { run: downloadArtifacts, agent: false },
  'publish-ml-pipeline': { run: publishMlPipeline, agent: false },
  'run-ml-pipeline': { run: collectTraining, agent: false },
  'compare-models': { run: compareModels, agent: true },
  'build-inference-image': { run: buildInferenceImage, agent: false },
  'validate-inference-image': { run: validateInferenceImage, agent: true },
  'push-inference-image': { run: pushInferenceImage, agent: false },
  'tag-model': { run: tagModel, agent: false },
} as const satisfies Record<string, { run: Stage; agent: boolean }>

export type StageName = keyof typeof STAGES
