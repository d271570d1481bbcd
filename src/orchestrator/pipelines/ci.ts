import type { Pipeline } from './pipeline.ts'

/** CI: is what reached the branch sound? Then package what training needs, and CD starts. */
export const ci: Pipeline = {
  name: 'ci',
  stages: ['code-quality', 'unit-tests', 'local-model-validation', 'package-artifacts'],
  async run(stages) {
    await stages.runTogether(['code-quality', 'unit-tests', 'local-model-validation'])
    await stages.run('package-artifacts')
    await stages.startCd()
    return null
  },
}
