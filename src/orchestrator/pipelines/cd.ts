import type { Pipeline } from './pipeline.ts'

/**
 * CD, model training and validation: only a model that was judged the best becomes an image. When nothing but the
 * inference service has changed, the current best is packaged again.
 */
export const cd: Pipeline = {
  name: 'cd',
  stages: [
    'download-artifacts',
    'publish-ml-pipeline',
    'run-ml-pipeline',
    'compare-models',
    'build-inference-image',
    'validate-inference-image',
    'push-inference-image',
    'tag-model',
  ],
  async run(stages) {
    await stages.run('download-artifacts')
    const { repackaged } = await stages.run('publish-ml-pipeline')
    if (!repackaged) {
      await stages.runMlPipeline()
      const { verdict } = await stages.run('compare-models')
      if (verdict !== 'promote') return verdict === 'keep' ? 'kept' : String(verdict)
    }
    await stages.run('build-inference-image')
    await stages.run('validate-inference-image')
    await stages.run('push-inference-image')
    await stages.run('tag-model')
    return repackaged ? 'repackaged' : 'promoted'
  },
}
