import type { Pipeline } from './pipeline.ts'

/** PR: is this change to a model type sound? Untrusted code: no secrets, no registry, no cache writes. */
export const pullRequest: Pipeline = {
  name: 'pr',
  stages: ['code-quality', 'unit-tests', 'local-model-validation'],
  async run(stages) {
    await stages.runTogether(['code-quality', 'unit-tests', 'local-model-validation'])
    return null
  },
}
