import { expect, test } from 'vitest'
import type { EnvironmentSpec, PlannedStep } from '../plan.ts'
import { requirementsOf } from './requirements.ts'

const CURATED = 'azureml://registries/azureml/environments/sklearn-1.5/labels/latest'
const sklearn = { python: '>=3.10,<3.12', requirements: ['scikit-learn~=1.5'] }

test.each([CURATED, 'azureml://registries/azureml/environments/sklearn-*', '*/sklearn-1.5/*'])(
  'the map entry %s stands for a curated environment',
  pattern => {
    expect(
      of(
        { kind: 'reference', reference: CURATED },
        { 'azureml:x': { requirements: [] }, [pattern]: sklearn },
      ),
    ).toEqual({ name: 'sklearn-1.5', ...sklearn })
  },
)

test('an exact entry wins over a glob that stands before it', () => {
  const map = { '*': { requirements: ['any'] }, [CURATED]: sklearn }
  expect(of({ kind: 'reference', reference: CURATED }, map)).toEqual({ name: 'sklearn-1.5', ...sklearn })
})

test('an unknown reference is the user’s mistake, with its place', () => {
  const place = { file: 'pipeline.yml', line: 7, key: 'jobs.train.environment' }
  expect(() => of({ kind: 'reference', reference: 'azureml:none' }, { 'azureml:none*x': sklearn })).toThrow(
    expect.objectContaining({ code: 'unknown-environment', place }),
  )
})

test.each([
  ['python', { requirements: [] }],
  ['docker.io/python:3.10-slim', { python: '==3.10.*', requirements: [] }],
  [
    'mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:1',
    { preferred: '3.8', requirements: [] },
  ],
])('the bare image %s has no requirements', (image, requirements) => {
  expect(of({ kind: 'inline', image, conda: undefined })).toEqual(requirements)
})

test('an unknown reference is answered with the nearest known one and the line to add', () => {
  const map = { 'azureml://registries/azureml/environments/sklearn-1.5/*': sklearn }
  const reference = CURATED.replace('1.5', '1.6')
  expect(() => of({ kind: 'reference', reference }, map)).toThrow(
    expect.objectContaining({
      hint: expect.stringMatching(
        /did you mean '.*sklearn-1\.5\/\*'\? .*"azureml:.*sklearn-1\.6.*": \{ python/,
      ),
    }),
  )
})

test('conda packages that no wheel brings are refused by name', () => {
  const conda = JSON.stringify({ dependencies: ['r-base=4.1'] })
  expect(() => of({ kind: 'inline', image: 'x', conda })).toThrow("step 'train': the conda package 'r-base'")
})

test('conda packages become requirements, python picks the interpreter', () => {
  const pip = ['mlflow==2.9.2', '--extra-index-url https://example.com/simple']
  const dependencies = [
    'python=3.10',
    'pip=21',
    'numpy=1.22',
    'conda-forge::scipy==1.10.1',
    'pandas>=1.5,<2',
    'joblib',
    'pyarrow=14.0.1=py310_0',
    'lightgbm 4.1.*',
    { pip },
  ]
  expect(
    of({
      kind: 'inline',
      image: 'x',
      conda: JSON.stringify({ name: 'e', dependencies, variables: { A: 1 } }),
    }),
  ).toEqual({
    name: 'e',
    variables: { A: '1' },
    python: '==3.10.*',
    requirements: [
      'numpy==1.22.*',
      'scipy==1.10.1',
      'pandas>=1.5,<2',
      'joblib',
      'pyarrow==14.0.1',
      'lightgbm==4.1.*',
      ...pip,
    ],
  })
})

function of(environment: EnvironmentSpec, map = {}) {
  const step = { name: 'train', environment, place: { file: 'pipeline.yml', line: 7 } } as PlannedStep
  return requirementsOf(step, map)
}
