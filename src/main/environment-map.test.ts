import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requirementsOf } from '#ml-service/executor/requirements.ts'
import type { PlannedStep } from '#ml-service/plan.ts'
import { readEnvironmentMap, withCuratedEnvironments } from './environment-map.ts'

const SETTINGS = {
  deploy: {},
  datastores: {},
  python: { warm: undefined },
  registry: null,
  cache: { maxSize: 1 },
}
const REGISTRY = 'azureml://registries/azureml/environments'

test.each([
  [`${REGISTRY}/sklearn-1.5/labels/latest`, '3.10', 'scikit-learn~=1.5.0'],
  [`${REGISTRY}/sklearn-1.5/versions/44`, '3.10', 'scikit-learn~=1.5.0'],
  ['azureml:AzureML-sklearn-1.5@latest', '3.10', 'scikit-learn~=1.5.0'],
  [`${REGISTRY}/sklearn-1.1/labels/latest`, '3.9', 'scikit-learn~=1.1.0'],
  [`${REGISTRY}/acpt-pytorch-2.8-cuda12.6/labels/latest`, '3.10', 'torch==2.8.0'],
  [`${REGISTRY}/tensorflow-2.16-cuda12/labels/latest`, '3.10', 'tensorflow==2.16.2'],
])('the curated environment %s has its Python %s and %s', (reference, preferred, line) => {
  const found = of(reference, {})
  expect(found.preferred).toBe(preferred)
  expect(found.requirements).toContain(line)
})

test('entries of a repository win, also by a glob', () => {
  const own = { [`${REGISTRY}/*`]: { requirements: ['mine'] } }
  expect(of(`${REGISTRY}/sklearn-1.5/labels/latest`, own).requirements).toEqual(['mine'])
})

test('a map in a file of its own names files relative to itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'map-'))
  try {
    writeFileSync(join(folder, 'r.txt'), 'six\n')
    writeFileSync(join(folder, 'map.yml'), 'environments: { "azureml:e@1": { requirements: r.txt } }\n')
    expect(readEnvironmentMap(join(folder, 'map.yml'))).toEqual({ 'azureml:e@1': { requirements: ['six'] } })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function of(reference: string, own: Parameters<typeof requirementsOf>[1]) {
  const { environments } = withCuratedEnvironments({ ...SETTINGS, environments: own })
  const step = { name: 's', environment: { kind: 'reference', reference }, place: { file: 'p.yml', line: 1 } }
  return requirementsOf(step as PlannedStep, environments)
}
