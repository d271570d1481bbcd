import type { Command } from './invocation.ts'

export interface CommandEntry {
  summary: string
  load: () => Promise<Command>
}

/** Every command by its words. Only the one that was asked for is loaded, so that each starts at once. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  up: { summary: 'Start the server here, until Ctrl-C', load: async () => (await import('./up.ts')).up },
  worker: {
    summary: 'Take part in the work of the server of this home',
    load: async () => (await import('./worker.ts')).worker,
  },
  demo: {
    summary: 'Watch code changes become inference images, in a fresh home',
    load: async () => (await import('./demo.ts')).demo,
  },
  doctor: {
    summary: 'Check what Millwright needs, and say how to get what is missing',
    load: async () => (await import('./doctor.ts')).doctor,
  },

  'repo add': {
    summary: 'Give the server a copy of a repository with model types',
    load: async () => (await import('./repo/add.ts')).repoAdd,
  },
  'repo list': {
    summary: 'Repositories and their git URLs',
    load: async () => (await import('./repo/list.ts')).repoList,
  },
  'model-type list': {
    summary: 'Model types of all repositories',
    load: async () => (await import('./model-type/list.ts')).modelTypeList,
  },
  'model-type show': {
    summary: 'One model type: what its model.yml says, after defaults',
    load: async () => (await import('./model-type/show.ts')).modelTypeShow,
  },
  plan: {
    summary: 'Which model types a change touches, and why',
    load: async () => (await import('./plan.ts')).plan,
  },
  'pr open': {
    summary: 'Push HEAD as a pull request',
    load: async () => (await import('./pr/open.ts')).prOpen,
  },
  'pr list': { summary: 'Pull requests', load: async () => (await import('./pr/list.ts')).prList },
  'pr show': {
    summary: 'A pull request and its checks',
    load: async () => (await import('./pr/show.ts')).prShow,
  },
  'pr merge': {
    summary: 'Merge a pull request whose checks are green',
    load: async () => (await import('./pr/merge.ts')).prMerge,
  },

  'run start': {
    summary: 'Start a PR, CI or CD run by hand',
    load: async () => (await import('./run/start.ts')).runStart,
  },
  'run list': { summary: 'Runs, newest first', load: async () => (await import('./run/list.ts')).runList },
  'run show': {
    summary: 'A run with its stages',
    load: async () => (await import('./run/show.ts')).runShow,
  },
  'run logs': {
    summary: 'What the stages of a run have written',
    load: async () => (await import('./run/logs.ts')).runLogs,
  },
  'run wait': {
    summary: 'Wait until a run has ended',
    load: async () => (await import('./run/wait.ts')).runWait,
  },
  'run cancel': {
    summary: 'Cancel a run; returns when its work is gone',
    load: async () => (await import('./run/cancel.ts')).runCancel,
  },
  'run retry': {
    summary: 'Start a failed or cancelled run again',
    load: async () => (await import('./run/retry.ts')).runRetry,
  },

  'dataset register': {
    summary: 'Take a snapshot of a file or folder as a new version',
    load: async () => (await import('./dataset/register.ts')).datasetRegister,
  },
  'dataset list': {
    summary: 'Datasets and their versions',
    load: async () => (await import('./dataset/list.ts')).datasetList,
  },
  'dataset show': {
    summary: 'A dataset version: rows, columns, files',
    load: async () => (await import('./dataset/show.ts')).datasetShow,
  },
  'model list': {
    summary: 'Models, and which version is best where',
    load: async () => (await import('./model/list.ts')).modelList,
  },
  'model show': {
    summary: 'A model version: properties, tags, environments',
    load: async () => (await import('./model/show.ts')).modelShow,
  },
  'model versions': {
    summary: 'All versions of a model',
    load: async () => (await import('./model/versions.ts')).modelVersions,
  },
  'image list': {
    summary: 'Inference images',
    load: async () => (await import('./image/list.ts')).imageList,
  },
  'image show': {
    summary: 'An inference image and how it was validated',
    load: async () => (await import('./image/show.ts')).imageShow,
  },
  'explain run': {
    summary: 'Why a run exists and what came of it',
    load: async () => (await import('./explain/run.ts')).explainRun,
  },
  'explain model': {
    summary: 'Where a model version comes from',
    load: async () => (await import('./explain/model.ts')).explainModel,
  },
  'explain image': {
    summary: 'From an image back to model, job, data, artifact and commit',
    load: async () => (await import('./explain/image.ts')).explainImage,
  },

  'ml run': {
    summary: 'Run an ML pipeline here and now, without a server',
    load: async () => (await import('./ml/run.ts')).mlRunCommand,
  },
  'ml explain': {
    summary: 'Why a step of an ML job was run or reused',
    load: async () => (await import('./ml/explain.ts')).mlExplain,
  },
  'ml lint': {
    summary: 'Check a pipeline file, like a compiler',
    load: async () => (await import('./ml/lint.ts')).mlLint,
  },
  'ml job list': {
    summary: 'ML jobs, newest first',
    load: async () => (await import('./ml/job/list.ts')).mlJobList,
  },
  'ml job show': {
    summary: 'An ML job with its steps',
    load: async () => (await import('./ml/job/show.ts')).mlJobShow,
  },
  'ml job logs': {
    summary: 'What the steps of an ML job have printed',
    load: async () => (await import('./ml/job/logs.ts')).mlJobLogs,
  },
  'ml job cancel': {
    summary: 'Cancel an ML job; returns when its work is gone',
    load: async () => (await import('./ml/job/cancel.ts')).mlJobCancel,
  },
  'ml job retry': {
    summary: 'Go on with a failed or cancelled ML job: finished steps stay',
    load: async () => (await import('./ml/job/retry.ts')).mlJobRetry,
  },
  'ml job submit': {
    summary: 'Submit a published pipeline, or a pipeline file, as an ML job',
    load: async () => (await import('./ml/job/submit.ts')).mlJobSubmit,
  },
  'ml pipeline publish': {
    summary: 'Publish a pipeline file as an immutable version',
    load: async () => (await import('./ml/pipeline/publish.ts')).mlPipelinePublish,
  },
  'ml pipeline list': {
    summary: 'Published pipelines, newest first',
    load: async () => (await import('./ml/pipeline/list.ts')).mlPipelineList,
  },
  'ml pipeline show': {
    summary: 'A published pipeline and what it is made of',
    load: async () => (await import('./ml/pipeline/show.ts')).mlPipelineShow,
  },
  'ml component register': {
    summary: 'Register a component file, so that pipelines can refer to it by name',
    load: async () => (await import('./ml/component/register.ts')).mlComponentRegister,
  },
  'ml component list': {
    summary: 'Registered components and their versions',
    load: async () => (await import('./ml/component/list.ts')).mlComponentList,
  },
  'ml component show': {
    summary: 'A registered component',
    load: async () => (await import('./ml/component/show.ts')).mlComponentShow,
  },
  stage: {
    summary: 'Run one stage alone, as any CI system calls it',
    load: async () => (await import('./stage.ts')).stage,
  },
  openapi: {
    summary: "The server's OpenAPI document",
    load: async () => (await import('./openapi.ts')).openapi,
  },
}

/** What groups of commands are about, in the order of the help. */
export const SECTIONS: readonly { title: string; groups: readonly string[] }[] = [
  { title: 'Server', groups: ['up', 'demo', 'worker', 'doctor', 'openapi'] },
  { title: 'Code', groups: ['repo', 'model-type', 'plan', 'pr'] },
  { title: 'Runs', groups: ['run', 'stage'] },
  { title: 'Machine learning', groups: ['ml', 'dataset', 'model', 'image'] },
  { title: 'Answers', groups: ['explain'] },
]
