import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatasetDocument } from '#server/documents/dataset.ts'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import {
  allEnded,
  importTiny,
  type ServerProcess,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

let home: TestHome
let clone: string
let server: ServerProcess

beforeAll(async () => {
  home = await testHome()
  server = await home.start()
  clone = await importTiny(home)
  await untilRuns(home, allEnded('cd', 2))
})

afterAll(() => home.remove())

test('a dataset knows the jobs and models that used it', async () => {
  const numbers = await home.json<DatasetDocument>('dataset', 'show', 'numbers')
  expect(numbers.usedBy.jobs.map(use => use.input)).toEqual(['raw_data', 'raw_data'])
  expect(numbers.usedBy.models.map(model => model.name)).toEqual(['alpha', 'beta'])
  expect(numbers.madeBy).toBe(null)
  expect(numbers.profile!.columns.map(column => column.name)).toEqual(numbers.columns)
})

test('an output that has a name is a dataset once its job has completed, also when the server dies meanwhile', async () => {
  await server.kill('SIGTERM')
  server = await home.start({ env: { MILLWRIGHT_FAILPOINT: 'ml-job:data-registered' } })
  const file = join(clone, 'mlops/alpha/pipeline.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replace(
      'predictions: { type: uri_folder }',
      'predictions: { type: uri_folder, name: alpha-predictions }',
    ),
  )
  await home.git(clone, 'commit', '-q', '-a', '-m', 'predictions are data, too')
  await home.git(clone, 'push', '-q', 'origin', 'main')
  await server.exited
  server = await home.start()
  await untilRuns(home, allEnded('cd', 3))
  const made = await home.json<DatasetDocument>('dataset', 'show', 'alpha-predictions')
  expect(made).toMatchObject({ version: 1, madeBy: { output: 'score.predictions' } })
  const job = await home.json<MlJobDocument>('ml', 'job', 'show', made.madeBy!.job)
  expect(job).toMatchObject({
    status: 'completed',
    registered: { 'score.predictions': 'alpha-predictions:1' },
  })
})
