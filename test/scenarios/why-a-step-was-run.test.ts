import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StepExplanation } from '#ml-service/explain-step.ts'
import type { JobReport } from '#ml-service/job.ts'
import { type TestHome, testHome } from '../support/millwright.ts'

let home: TestHome
let file: string
let jobs = 0

beforeAll(async () => {
  home = await testHome()
  const folder = join(home.path, 'work')
  await mkdir(join(folder, 'code'), { recursive: true })
  await writeFile(join(folder, 'code/train.sh'), 'echo "$1" > "$2/model.txt"\n')
  await writeFile(join(folder, 'rows.csv'), 'a\n1\n')
  file = join(folder, 'pipeline.yml')
  await writeFile(file, PIPELINE)
})

afterAll(() => home.remove())

const PIPELINE = `type: pipeline
inputs:
  rows: { type: uri_file, path: rows.csv }
  depth: 3
jobs:
  train:
    command: bash train.sh \${{inputs.depth}} \${{outputs.model}}
    code: code
    environment: { image: none }
    environment_variables: { SECRET: hunter2 }
    inputs: { rows: "\${{parent.inputs.rows}}", depth: "\${{parent.inputs.depth}}" }
    outputs: { model: { type: uri_folder } }
`

async function runAndExplain(...options: string[]): Promise<StepExplanation> {
  const folder = join(home.path, `job-${++jobs}`)
  const ran = await home.millwright('ml', 'run', file, '--output-dir', folder, ...options, '--json')
  expect((JSON.parse(ran.stdout) as JobReport).status).toBe('completed')
  const explained = await home.millwright('ml', 'explain', folder, 'train', '--json')
  return JSON.parse(explained.stdout) as StepExplanation
}

const changed = ({ parts }: StepExplanation) => parts.filter(({ same }) => !same).map(({ part }) => part)

test('a step that was never run before says so', async () => {
  const explanation = await runAndExplain()
  expect(explanation).toMatchObject({ step: 'train', reuse: 'no-match', comparedWith: null })
  expect(explanation.reason).toMatch(/no other job/)
})

test('a step whose key is the same is reused, and says from where', async () => {
  const explanation = await runAndExplain()
  expect(explanation).toMatchObject({ reuse: 'reused', status: 'completed' })
  expect(explanation.reusedFrom).toMatch(/^job-1-/)
  expect(explanation.comparedWith?.job).toBe(explanation.reusedFrom)
  expect(changed(explanation)).toEqual([])
})

test('the part of the key that differs is named, with what it was before', async () => {
  const explanation = await runAndExplain('--input', 'depth=5')
  expect(explanation.reason).toMatch(/it was run because input\.depth differs from job job-1-/)
  const depth = explanation.parts.find(({ part }) => part === 'input.depth')
  expect(depth).toMatchObject({ same: false, text: '5', before: '3' })
  expect(JSON.stringify(explanation)).not.toContain('hunter2')

  await appendFile(join(home.path, 'work/code/train.sh'), '# better\n')
  await appendFile(join(home.path, 'work/rows.csv'), '2\n')
  expect(changed(await runAndExplain())).toEqual(['code', 'input.rows'])
})

test('a step that had to be run is not compared in vain', async () => {
  const explanation = await runAndExplain('--force')
  expect(explanation).toMatchObject({
    reuse: 'forced',
    reason: expect.stringMatching(/told to run every step/),
  })
})

test('people see it in words', async () => {
  const { stdout } = await home.millwright('ml', 'explain', join(home.path, 'job-3'), 'train')
  expect(stdout).toMatch(/input\.depth differs/)
  expect(stdout).toMatch(/≠ input\.depth\n\s+- 3\n\s+\+ 5/)
})

test('a step that is not there is the user’s mistake, with what there is', async () => {
  const answer = await home.millwright('ml', 'explain', join(home.path, 'job-1'), 'trian')
  expect(answer.code).toBe(2)
  expect(answer.stderr).toMatch(/there is no step 'trian'.*\n.*did you mean 'train'/)
  const outside = await home.millwright('ml', 'explain', join(home.path, 'job-1'), '../../job-2/steps/train')
  expect(outside.code).toBe(2)
})
