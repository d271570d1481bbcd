import { readdirSync, readFileSync } from 'node:fs'
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DatasetDocument } from '#server/documents/dataset.ts'
import type { ImageExplanation, RunExplanation } from '#server/documents/explanation.ts'
import type { ImageDocument } from '#server/documents/image.ts'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import type { ModelDocument, ModelVersion } from '#server/documents/model.ts'
import type { ModelTypeDocument } from '#server/documents/model-type.ts'
import type { PlanDocument } from '#server/documents/plan.ts'
import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import type { RunDocument } from '#server/documents/run.ts'
import {
  allEnded,
  importTiny,
  setParameter,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

const DIGEST = /^sha256:[0-9a-f]{64}$/
const COMMIT = /^[0-9a-f]{40}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const CD_STAGES = [
  ...['download-artifacts', 'publish-ml-pipeline', 'run-ml-pipeline', 'compare-models'],
  ...['build-inference-image', 'validate-inference-image', 'push-inference-image', 'tag-model'],
]

let home: TestHome
let clone: string

beforeAll(async () => {
  home = await testHome()
  await home.start()
  clone = await importTiny(home, testAlphaWithPytest)
  await untilRuns(home, runs => {
    const failed = runs.find(run => run.status === 'failed')
    if (failed) throw new Error(JSON.stringify(failed.error))
    return allEnded('cd', 2)(runs)
  })
})
afterAll(() => home?.remove())

describe('an imported repository', () => {
  test('goes through CI and CD for every model type', async () => {
    const runs = await home.json<RunDocument[]>('run', 'list')
    const told = runs.map(run => [run.pipeline, run.modelType, run.trigger, run.status, run.outcome])
    expect(told.sort()).toEqual([
      ['cd', 'alpha', 'ci-completed', 'succeeded', 'promoted'],
      ['cd', 'beta', 'ci-completed', 'succeeded', 'promoted'],
      ['ci', 'alpha', 'merge', 'succeeded', null],
      ['ci', 'beta', 'merge', 'succeeded', null],
    ])
    const buildIds = runs.map(run => run.buildId)
    expect(buildIds).toEqual([...new Set(buildIds)].sort((a, b) => b - a))
  })

  test('has runs of the documented shape', async () => {
    const ci = await lastRun('ci', 'alpha')
    expect(ci).toMatchObject({ environment: 'dev', branch: 'main', dataset: null, repository: 'tiny' })
    expect(await home.json('run', 'show', String(ci.buildId))).toEqual(ci)
    expect(stageStates(ci)).toEqual([
      ...['code-quality succeeded', 'unit-tests succeeded'],
      ...['local-model-validation succeeded', 'package-artifacts succeeded'],
    ])
    const cd = await lastRun('cd', 'alpha')
    expect(cd.commit).toMatch(COMMIT)
    expect(stageStates(cd)).toEqual(CD_STAGES.map(name => `${name} succeeded`))
    for (const { attempts, startedAt, endedAt, error } of cd.stages) {
      expect([attempts, error]).toEqual([1, null])
      expect([startedAt, endedAt]).toEqual([expect.stringMatching(TIME), expect.stringMatching(TIME)])
    }
  })

  test('tells how many tests passed', async () => {
    const { stages } = await lastRun('ci', 'alpha')
    expect(stages.find(stage => stage.name === 'unit-tests')?.summary).toBe('1 of 1 tests passed')
  })

  test('has artifacts that hold what training needs and nothing else', async () => {
    const cd = await lastRun('cd', 'alpha')
    const { artifact } = await home.json<RunExplanation>('explain', 'run', cd.id)
    expect(artifact).toMatchObject({ digest: expect.stringMatching(DIGEST), commit: cd.commit })
    expect(artifact!.files.map(file => file.path)).toEqual([
      ...['golden.yml', 'golden/golden.py', 'model.yml', 'pipeline.yml', 'requirements.txt'].map(inAlpha),
      ...['serve/predict.py', 'train.yml', 'train/train.py'].map(inAlpha),
      ...['mlops/millwright.yml', 'mlops/shared/score/component.yml', 'mlops/shared/score/score.py'],
    ])
  })

  test('has a first version of each model, which is the best', async () => {
    const cd = await lastRun('cd', 'alpha')
    const [version, ...others] = await home.json<ModelVersion[]>('model', 'versions', 'alpha')
    expect(others).toEqual([])
    const [image] = await images('alpha')
    expect(version).toMatchObject({ name: 'alpha', version: 1, digest: expect.stringMatching(DIGEST) })
    expect(version!.tags).toEqual({
      ...{ latest: 'true', best: 'dev', image: image!.digest },
      container: `alpha:${cd.commit}-${cd.buildId}`,
    })
    const numbers = await home.json<DatasetDocument>('dataset', 'show', 'numbers')
    expect(version!.properties).toEqual({
      ...{ build_id: String(cd.buildId), build_source: 'cd:ci-completed', commit: cd.commit },
      ...{ ml_job: `alpha-${cd.buildId}`, dataset: `numbers:1:${numbers.digest}` },
      pipeline_digest: expect.stringMatching(DIGEST),
    })
    const { environments } = await home.json<ModelDocument>('model', 'show', 'alpha')
    expect(environments).toEqual([
      {
        ...{ environment: 'dev', best: 1, revision: 1, by: `cd run ${cd.buildId}` },
        ...{ changedAt: expect.stringMatching(TIME), reason: expect.stringContaining('no_incumbent') },
      },
    ])
  })

  test('has an image of each, validated by running it', async () => {
    const cd = await lastRun('cd', 'alpha')
    const [image, ...others] = await images('alpha')
    expect(others).toEqual([])
    expect(image).toMatchObject({
      ...{ digest: expect.stringMatching(DIGEST), modelType: 'alpha', modelVersion: 1 },
      ...{ commit: cd.commit, buildId: cd.buildId, size: expect.any(Number), attestations: [] },
      tags: [cd.commit, `${cd.commit}-${cd.buildId}`, 'dev'].sort(),
    })
    expect(image!.validation.levels.map(({ level, status }) => `${level}: ${status}`)).toEqual([
      ...['S0 static: passed', 'S1 starts: passed', 'S3 ready: passed', 'S4 identity: passed'],
      ...['S5 golden parity: passed', 'S6 bad input: passed', 'S8 stop: passed'],
    ])
    for (const reference of [image!.digest, image!.digest.slice(7, 19), 'alpha:dev'])
      expect(await home.json('image', 'show', reference)).toEqual(image)
  })

  test('shows its datasets', async () => {
    expect(await home.json<DatasetDocument>('dataset', 'show', 'numbers:1')).toMatchObject({
      ...{ name: 'numbers', version: 1, digest: expect.stringMatching(DIGEST) },
      ...{ rows: 100, columns: ['x', 'target'], createdAt: expect.stringMatching(TIME) },
      files: [{ path: 'rows.csv', bytes: 499, digest: expect.stringMatching(DIGEST) }],
    })
  })

  test('shows its model types and its git URL', async () => {
    const types = await home.json<ModelTypeDocument[]>('model-type', 'list')
    expect(types.map(type => type.name)).toEqual(['alpha', 'beta'])
    const alpha = await home.json<ModelTypeDocument>('model-type', 'show', 'alpha')
    expect(alpha).toEqual(types[0])
    expect(alpha).toMatchObject({
      ...{ folder: 'mlops/alpha', branch: 'main', repository: 'tiny', problem: null },
      declaration: { checks: { test: 'pytest -q' }, compare: { metric: 'accuracy' } },
    })
    const [repository] = await home.json<{ name: string; url: string }[]>('repo', 'list')
    expect(repository?.name).toBe('tiny')
    expect(await home.git(clone, 'remote', 'get-url', 'origin')).toBe(repository?.url)
  })

  test('has logs for every stage', async () => {
    const ci = await lastRun('ci', 'alpha')
    const { logs } = await home.json<{ logs: { stage: string; log: string }[] }>('run', 'logs', ci.id)
    expect(logs.map(({ stage }) => stage)).toEqual(ci.stages.map(({ name }) => name))
    expect(logs.find(({ stage }) => stage === 'unit-tests')?.log).toContain('1 passed')
    const { stdout } = await home.millwright('run', 'logs', ci.id, '--stage', 'code-quality')
    expect(stdout).toContain('$ python -m compileall -q train serve')
  })

  test('can be followed from an image back to commit, data and artifact', async () => {
    const [image] = await images('alpha')
    const cd = await lastRun('cd', 'alpha')
    const ci = await lastRun('ci', 'alpha')
    const explained = await home.json<ImageExplanation>('explain', 'image', image!.digest)
    expect(explained.image).toEqual(image)
    expect(explained.modelVersion).toMatchObject({ name: 'alpha', version: 1 })
    expect(explained.mlJob).toMatchObject({ job: `alpha-${cd.buildId}`, status: 'completed', run: cd.id })
    expect(explained.mlJob?.steps.map(step => step.name).sort()).toEqual(['golden', 'score', 'train'])
    expect(explained.datasets).toMatchObject([{ name: 'numbers', version: 1, rows: 100 }])
    expect(explained.artifact).toMatchObject({ digest: image!.artifact, run: ci.id })
    expect([explained.ciRun?.id, explained.cdRun?.id]).toEqual([ci.id, cd.id])
    expect(explained.commit).toMatchObject({ id: cd.commit, branch: 'main', repository: 'tiny' })
    expect(explained.comparison).toMatchObject({ verdict: 'promote', reason: 'no_incumbent', rows: 200 })
    const { stdout } = await home.millwright('explain', 'image', image!.digest)
    for (const word of ['image', 'alpha:1', `alpha-${cd.buildId}`, 'numbers:1', 'artifact', cd.commit])
      expect(stdout).toContain(word)
  })
})

describe('a pull request that breaks a unit test', () => {
  let pullRequest: PullRequestDocument

  beforeAll(async () => {
    await edit('mlops/alpha/train/train.py', text => text.replace('"threshold": threshold', '"threshold": 0'))
    await push('A threshold that is always zero', 'refs/for/main/always-zero')
    await untilRuns(home, allEnded('pr', 1))
    pullRequest = (await home.json<PullRequestDocument[]>('pr', 'list'))[0]!
  })

  test('fails and names the test', async () => {
    const run = await lastRun('pr', 'alpha')
    expect(run).toMatchObject({ trigger: 'pull-request', status: 'failed', environment: null })
    const message = expect.stringMatching(
      /test_the_threshold_is_the_model failed: .*\(0 of 1 tests passed\)$/,
    )
    expect(run.error).toMatchObject({ code: 'stage-failed', stage: 'unit-tests', message })
    expect(JSON.stringify(run.error)).not.toContain('&#10;')
    expect(stageStates(run)).toEqual([
      ...['code-quality succeeded', 'unit-tests failed', 'local-model-validation succeeded'],
    ])
  })

  test('leaves the other model type "not affected"', () => {
    expect(pullRequest).toMatchObject({
      number: 1,
      title: 'A threshold that is always zero',
      target: 'main',
      status: 'open',
    })
    expect(pullRequest.checks).toEqual([
      { modelType: 'alpha', status: 'failed', run: expect.stringMatching(/^pr-\d+$/) },
      { modelType: 'beta', status: 'not affected', run: null },
    ])
  })

  test('is not merged', async () => {
    const answer = await home.millwright('pr', 'merge', '1')
    expect(answer.code).toBe(2)
    expect(answer.stderr).toContain("pull request 1 can't be merged: alpha is failed")
  })

  test('can be run again, once per failure', async () => {
    const failed = await lastRun('pr', 'alpha')
    const retried = await home.json<RunDocument>('run', 'retry', failed.id)
    expect(retried).toMatchObject({ commit: failed.commit, trigger: 'pull-request' })
    expect(retried.reason).toContain(`retry of run ${failed.buildId}`)
    expect((await home.json<RunDocument>('run', 'retry', failed.id)).id).toBe(retried.id)
    expect(await ended(retried.id)).toMatchObject({ status: 'failed' })
  })
})

describe('a good pull request', () => {
  let before: ImageDocument[]
  let merged: PullRequestDocument

  beforeAll(async () => {
    before = await images('alpha')
    await home.git(clone, 'reset', '-q', '--hard', 'origin/main')
    await setParameter(clone, 'alpha', 'threshold', 50)
    await push('The right threshold', 'refs/for/main/right-threshold')
    await untilRuns(home, runs => runs.find(run => run.pipeline === 'pr' && run.status === 'succeeded'))
    merged = await home.json('pr', 'merge', '2')
    await untilRuns(home, allEnded('cd', 3))
    await home.git(clone, 'fetch', '-q', 'origin')
  })

  test('is merged on the branch', async () => {
    expect(merged).toMatchObject({ number: 2, status: 'merged', mergedAs: expect.stringMatching(COMMIT) })
    expect(await home.git(clone, 'rev-parse', 'origin/main')).toBe(merged.mergedAs)
    expect(await home.json('pr', 'merge', '2')).toMatchObject({ mergedAs: merged.mergedAs })
  })

  test('is validated in CI, because pull requests are not trusted', async () => {
    const ci = await lastRun('ci', 'alpha')
    expect(ci).toMatchObject({ commit: merged.mergedAs, trigger: 'merge' })
    expect(ci.stages.every(stage => stage.status === 'succeeded')).toBe(true)
  })

  test('moves the best, and gives a new image under the moved tags', async () => {
    const cd = await lastRun('cd', 'alpha')
    expect(cd).toMatchObject({ outcome: 'promoted', commit: merged.mergedAs })
    expect(await best('alpha')).toMatchObject({ best: 2, revision: 2 })
    const [image, first, ...others] = await images('alpha')
    expect(others).toEqual([])
    expect(image!.tags).toEqual([cd.commit, `${cd.commit}-${cd.buildId}`, 'dev'].sort())
    expect(first!.digest).toBe(before[0]!.digest)
    expect(first!.tags).toEqual(before[0]!.tags.filter(tag => tag !== 'dev'))
    const [one, two] = await home.json<ModelVersion[]>('model', 'versions', 'alpha')
    expect([one!.tags.best, one!.tags.latest]).toEqual([undefined, undefined])
    expect(two!.tags).toMatchObject({ best: 'dev', latest: 'true', image: image!.digest })
  })

  test('is explained with the numbers of both models', async () => {
    const { comparison, parents } = await home.json<RunExplanation>(
      ...(['explain', 'run'] as const),
      (await lastRun('cd', 'alpha')).id,
    )
    expect(comparison).toMatchObject({
      ...{ verdict: 'promote', reason: 'better', metric: 'accuracy', direction: 'higher' },
      champion: { version: 1, value: 0.9 },
      challenger: { version: 2, value: 1 },
    })
    expect(comparison!.difference).toBeCloseTo(0.1, 12)
    expect(parents.map(run => run.id)).toEqual([(await lastRun('ci', 'alpha')).id])
  })

  test('is planned the same way', async () => {
    const plan = await home.json<PlanDocument>('plan', `${merged.mergedAs}..main`)
    expect(plan.every(entry => !entry.affected)).toBe(true)
    const first = (await lastRun('ci', 'beta')).commit
    expect(await home.json<PlanDocument>('plan', `${first}..main`)).toMatchObject([
      { modelType: 'alpha', affected: true, reasons: [{ path: 'mlops/alpha/pipeline.yml' }] },
      { modelType: 'beta', affected: false, pipelines: [], reasons: [] },
    ])
  })
})

describe('a change that makes the model worse', () => {
  let before: ImageDocument[]

  beforeAll(async () => {
    before = await images('alpha')
    await home.git(clone, 'reset', '-q', '--hard', 'origin/main')
    await setParameter(clone, 'alpha', 'threshold', 70)
    await push('Another threshold', 'main')
    await untilRuns(home, allEnded('cd', 4))
  })

  test('is kept out: the run succeeds, the best stays, and there is no image', async () => {
    const cd = await lastRun('cd', 'alpha')
    expect(cd).toMatchObject({ status: 'succeeded', outcome: 'kept', error: null })
    expect(stageStates(cd).slice(3)).toEqual([
      ...['compare-models succeeded', 'build-inference-image skipped', 'validate-inference-image skipped'],
      ...['push-inference-image skipped', 'tag-model skipped'],
    ])
    expect(await best('alpha')).toMatchObject({ best: 2, revision: 2 })
    expect(await images('alpha')).toEqual(before)
    const { tags } = await home.json<ModelVersion>('model', 'show', 'alpha:3')
    expect(tags).toEqual({ latest: 'true' })
  })
})

describe('a new dataset version', () => {
  test('is trained with on demand, with a reason, and is named in the properties', async () => {
    const data = join(home.path, 'tiny/data/numbers-2')
    await cp(join(home.path, 'tiny/data/numbers'), data, { recursive: true })
    await appendFile(join(data, 'rows.csv'), '100,1\n')
    const dataset = await home.json<DatasetDocument>('dataset', 'register', 'numbers', data)
    expect(dataset).toMatchObject({ version: 2, rows: 101 })

    const start = ['run', 'start', 'cd', '--model-type', 'alpha', '--dataset', 'numbers:2', '--wait']
    const run = await home.json<RunDocument>(...start, '--reason', 'a new material')
    expect(run).toMatchObject({
      ...{ trigger: 'new-dataset', reason: 'a new material', dataset: 'numbers:2' },
      ...{ status: 'succeeded', outcome: 'kept' },
    })
    const { properties } = await home.json<ModelVersion>('model', 'show', 'alpha')
    expect(properties).toMatchObject({
      ...{ dataset: `numbers:2:${dataset.digest}`, build_source: 'cd:new-dataset' },
      ml_job: `alpha-${run.buildId}`,
    })
  })

  test('is the same version when the same content is registered again', async () => {
    const data = join(home.path, 'tiny/data/numbers-2')
    expect(await home.json('dataset', 'register', 'numbers', data)).toMatchObject({ version: 2 })
  })
})

describe('the very same tree on another branch', () => {
  beforeAll(async () => {
    await home.git(clone, 'push', '-q', 'origin', 'HEAD:refs/heads/qa')
    await untilRuns(home, allEnded('cd', 7))
  })

  test('is not validated again, and says so', async () => {
    const main = await lastRun('ci', 'alpha', 'main')
    const qa = await lastRun('ci', 'alpha', 'qa')
    expect(stageStates(qa)).toEqual([
      ...['code-quality reused', 'unit-tests reused', 'local-model-validation reused'],
      'package-artifacts succeeded',
    ])
    expect(qa.stages[1]!.summary).toBe(
      `the same files passed in run ${main.buildId}: ${main.stages[1]!.summary}`,
    )
    const digests = [main, qa].map(run => run.stages[3]!.detail as { digest: string })
    expect(digests[0]!.digest).toBe(digests[1]!.digest)
  })

  test('has a best of its own there', async () => {
    const qa = await lastRun('cd', 'alpha', 'qa')
    expect(qa).toMatchObject({ environment: 'qa', outcome: 'promoted' })
    const { environments } = await home.json<ModelDocument>('model', 'show', 'alpha')
    const bests = environments.map(({ environment, best }) => `${environment}: ${best}`)
    expect(bests).toEqual(['dev: 2', 'qa: 5'])
    const [newest] = await images('alpha')
    expect(newest!.tags).toEqual([qa.commit, `${qa.commit}-${qa.buildId}`, 'qa'].sort())
  })
})

describe('a run that is cancelled while it trains', () => {
  const MARK = `7331${process.pid}`
  let run: RunDocument

  beforeAll(async () => {
    await edit('mlops/beta/model.yml', text =>
      text.replace(
        'raw_data: "azureml:numbers@latest" }',
        'raw_data: "azureml:numbers@latest", seconds: 60 }',
      ),
    )
    await edit('mlops/beta/train/train.py', text =>
      text.replace(
        '    time.sleep(float(seconds))',
        `    if float(seconds) > 0:
        import subprocess
        subprocess.Popen(["sleep", "${MARK}"], start_new_session=True, cwd="/", env={"PATH": "/usr/bin:/bin"})
    time.sleep(float(seconds))`,
      ),
    )
    await push('A long training', 'main')
    run = await untilRuns(home, runs =>
      processesLike(MARK).length > 0
        ? runs.find(run => run.pipeline === 'cd' && run.modelType === 'beta' && run.status === 'waiting')
        : undefined,
    )
  })

  test('is cancelled, and so is its ML job', async () => {
    expect(processesIn(join(home.path, 'jobs'))).not.toEqual([])
    const cancelled = await home.json<RunDocument>('run', 'cancel', run.id)
    // The answer comes when the work is gone, so this is looked at first.
    expect(processesLike(MARK)).toEqual([])
    expect(processesIn(join(home.path, 'jobs'))).toEqual([])
    expect(cancelled).toMatchObject({ id: run.id, status: 'cancelled', outcome: null })
    expect(stageStates(cancelled).slice(2, 4)).toEqual([
      'run-ml-pipeline cancelled',
      'compare-models skipped',
    ])
    const job = await home.json<MlJobDocument>('ml', 'job', 'show', `beta-${run.buildId}`)
    expect(job).toMatchObject({ status: 'cancelled', model: null, run: run.id })
    expect(job.steps.find(step => step.name === 'train')).toMatchObject({ status: 'cancelled' })
  })

  test('has registered nothing, and is cancelled only once', async () => {
    expect(await home.json('model', 'versions', 'beta')).toHaveLength(2)
    expect(await home.json('run', 'cancel', run.id)).toMatchObject({ status: 'cancelled' })
  })

  test('can be retried, and that run can be cancelled at once', async () => {
    const retried = await home.json<RunDocument>('run', 'retry', run.id)
    expect(retried).toMatchObject({ pipeline: 'cd', modelType: 'beta', commit: run.commit })
    expect(await home.json('run', 'cancel', retried.id)).toMatchObject({ status: 'cancelled' })
    expect(processesLike(MARK)).toEqual([])
  })

  test('leaves runs that have ended as they are', async () => {
    const succeeded = await lastRun('ci', 'beta')
    for (const command of ['cancel', 'retry']) {
      const answer = await home.millwright('run', command, succeeded.id)
      expect([answer.code, answer.stderr]).toEqual([2, expect.stringContaining('succeeded')])
    }
    expect(await lastRun('ci', 'beta')).toEqual(succeeded)
  })
})

/** pytest writes the report that names the tests; the other model type does without packages. */
async function testAlphaWithPytest(folder: string): Promise<void> {
  const file = join(folder, 'mlops/alpha/model.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('python -m unittest discover -s tests', 'pytest -q'))
  await writeFile(join(folder, 'mlops/alpha/requirements.txt'), 'pytest==8.3.4\n')
}

function inAlpha(path: string): string {
  return `mlops/alpha/${path}`
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const path = join(clone, file)
  const text = await readFile(path, 'utf8')
  if (change(text) === text) throw new Error(`nothing changed in ${file}`)
  await writeFile(path, change(text))
}

async function push(message: string, ref: string): Promise<void> {
  await home.git(clone, 'commit', '-q', '-a', '-m', message)
  await home.git(clone, 'push', '-q', 'origin', `HEAD:${ref}`)
}

async function lastRun(pipeline: string, modelType: string, branch?: string): Promise<RunDocument> {
  const runs = await home.json<RunDocument[]>(
    ...['run', 'list', '--pipeline', pipeline, '--model-type', modelType],
  )
  return runs.find(run => branch === undefined || run.branch === branch)!
}

function ended(id: string): Promise<RunDocument> {
  return untilRuns(home, runs => runs.find(run => run.id === id && run.endedAt !== null))
}

function stageStates(run: RunDocument): string[] {
  return run.stages.map(({ name, status }) => `${name} ${status}`)
}

function images(modelType: string): Promise<ImageDocument[]> {
  return home.json('image', 'list', '--model-type', modelType)
}

async function best(model: string) {
  const { environments } = await home.json<ModelDocument>('model', 'show', model)
  return environments.find(({ environment }) => environment === 'dev')
}

/** Command lines of processes with this word in them. */
function processesLike(word: string): string[] {
  return processes()
    .map(read => read('cmdline').replaceAll('\0', ' '))
    .filter(line => line.includes(word))
}

/** Command lines of processes that were started below a folder, by their arguments or their environment. */
function processesIn(folder: string): string[] {
  return processes()
    .filter(read => `${read('cmdline')}\0${read('environ')}`.includes(folder))
    .map(read => read('cmdline').replaceAll('\0', ' '))
}

function processes(): ((file: string) => string)[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => file => {
      try {
        return readFileSync(join('/proc', pid, file), 'utf8')
      } catch {
        return ''
      }
    })
}
