import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endJob, findJob, recordJob } from '#database/ml-jobs.ts'
import { recordSteps } from '#database/ml-steps.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { type JobData, jobData } from './job-data.ts'

const RUN = 'a'.repeat(32)

let database: FreshDatabase
let home: string
let data: JobData

beforeAll(async () => {
  database = await freshDatabase()
  home = await mkdtemp(join(tmpdir(), 'millwright-jobs-'))
  const { db } = database
  data = jobData({ db, jobs: join(home, 'jobs'), mlflowArtifacts: join(home, 'mlflow') })
  const artifacts = join(home, 'jobs/train.1/steps/outer.fit/artifacts/outputs')
  const model = join(home, 'jobs/train.1/steps/outer.fit/outputs/model')
  const logged = join(home, 'mlflow/7', RUN, 'artifacts/model')
  for (const folder of [artifacts, model, logged]) await mkdir(folder, { recursive: true })
  await writeFile(join(artifacts, 'world.txt'), 'world')
  await writeFile(join(model, 'weights'), '1')
  await symlink('/etc', join(model, 'out'))
  await recordJob(db, 'train.1', {})
  const fit = { name: 'outer.fit', status: 'completed', outputs: { model } }
  await recordSteps(db, 'train.1', [{ name: fit.name, position: 0, report: fit }])
  const ended = { status: 'completed', message: '', ended_at: new Date() } as const
  await endJob(db, (await findJob(db, 'train.1'))!, { ...ended, report: { outputs: { trained: model } } })
})
afterAll(async () => {
  await database.close()
  await rm(home, { recursive: true, force: true })
})

const LONG = 'azureml://subscriptions/s/resourcegroups/g/workspaces/w'

test.each([
  [
    'azureml://jobs/train.1/outputs/trained/paths/weights',
    'jobs/train.1/steps/outer.fit/outputs/model/weights',
  ],
  ['azureml://jobs/train.1/outputs/trained', 'jobs/train.1/steps/outer.fit/outputs/model'],
  [`${LONG}/jobs/train.1/outputs/trained/paths/`, 'jobs/train.1/steps/outer.fit/outputs/model'],
  [
    'azureml://jobs/train.1.outer.fit/outputs/model/paths/weights',
    'jobs/train.1/steps/outer.fit/outputs/model/weights',
  ],
  [
    'azureml://jobs/train.1.outer.fit/outputs/artifacts/paths/outputs/world.txt',
    'jobs/train.1/steps/outer.fit/artifacts/outputs/world.txt',
  ],
  ['runs:/train.1.outer.fit/outputs/world.txt', 'jobs/train.1/steps/outer.fit/artifacts/outputs/world.txt'],
  [`runs:/${RUN}/model`, `mlflow/7/${RUN}/artifacts/model`],
])('%s', async (address, path) => {
  expect(await data.find(address)).toBe(join(home, path))
})

test.each([
  ['azureml://jobs/nope/outputs/x', 'there is no ML job'],
  ['azureml://jobs/train.1/outputs/x', "left no output 'x'; it has: trained"],
  ['azureml://jobs/train.1.nope/outputs/x', "has no completed step 'nope'"],
  ['azureml://jobs/train.1/outputs/trained/paths/../../../../../../../../etc/passwd', 'there is nothing at'],
  ['azureml://jobs/train.1/outputs/trained/paths/out/passwd', 'there is nothing at'],
  ['runs:/..%2f..%2fetc/passwd', 'there is no ML job'],
])('%s is refused in words', async (address, message) => {
  await expect(data.find(address)).rejects.toThrow(message)
})

test('what names no job is not looked for', async () => {
  expect(await data.find('azureml://datastores/d/paths/x')).toBe(undefined)
})
