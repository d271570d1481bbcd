import { expect, test } from 'vitest'
import type { SourceTree } from './model-type.ts'
import { readModelTypes, readRepository } from './read-repository.ts'

const MODEL = `train: { model: trained }
compare: { score: score.yml, dataset: eval, metric: f1 }
`

function treeOf(texts: Record<string, string>): SourceTree {
  return { files: Object.keys(texts).sort(), read: path => texts[path]! }
}

function modelType(folder: string, model = MODEL): Record<string, string> {
  const home = `mlops/${folder}`
  return {
    [`${home}/model.yml`]: model,
    [`${home}/pipeline.yml`]: '',
    [`${home}/score.yml`]: '',
    [`${home}/serve/predict.py`]: '',
  }
}

const settingsOf = (text: string) =>
  readRepository(
    treeOf({
      ...modelType('a'),
      'mlops/millwright.yml': text,
      'mlops/shared/r.txt': REQUIREMENTS,
      'mlops/shared/base.txt': 'numpy==2.2.6\n-r r.txt\n',
    }),
  ).settings
const REQUIREMENTS = '# steps\n-r base.txt\n--index-url x\npandas==2.3.1 \\\n  --hash=sha256:00  # pinned\n\n'

test('all folders with a model.yml are model types, except `shared`', () => {
  const tree = treeOf({
    ...modelType('b'),
    ...modelType('a'),
    'mlops/shared/model.yml': MODEL,
    'mlops/other/x.py': '',
    'README.md': '',
  })
  const { modelTypes, settings } = readRepository(tree)
  expect(modelTypes.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(settings).toEqual({
    deploy: { dev: { branch: 'main' }, qa: { branch: 'qa' } },
    environments: {},
    datastores: {},
    python: { warm: undefined },
    registry: null,
    cache: { maxSize: 20 * 2 ** 30 },
  })
})

test('one broken model type does not hide the others', () => {
  const tree = treeOf({ ...modelType('a'), ...modelType('b', 'trian: 1\n'), ...modelType('c') })
  const { modelTypes, problems } = readModelTypes(tree)
  expect(modelTypes.map(({ name }) => name)).toEqual(['a', 'c'])
  expect(problems).toMatchObject([
    { code: 'unknown-key', place: { file: 'mlops/b/model.yml', key: 'trian' } },
  ])
  expect(() => readRepository(tree)).toThrow(problems[0]!.message)
})

test('two model types with one name are refused, both files named', () => {
  const tree = treeOf({ ...modelType('a'), ...modelType('b', `name: A\n${MODEL}`), ...modelType('c') })
  const { modelTypes, problems } = readModelTypes(tree)
  expect(modelTypes.map(({ name }) => name)).toEqual(['c'])
  expect(problems).toMatchObject([{ code: 'duplicate-model-type', place: { file: 'mlops/b/model.yml' } }])
  expect(problems[0]!.message).toContain('mlops/a/model.yml and mlops/b/model.yml')
})

test.each([
  ['no mlops/', { 'README.md': '' }, 'no-mlops-folder'],
  ['no model.yml', { 'mlops/a/pipeline.yml': '' }, 'no-model-types'],
  ['model.yaml', { 'mlops/a/model.yaml': MODEL }, 'misnamed-file'],
])('a repository with %s is refused', (_, files, code) => {
  expect(readModelTypes(treeOf(files as Record<string, string>)).problems).toMatchObject([{ code }])
})

test('settings are read; requirements may be a list or a file with its options and includes', () => {
  const text = `deploy: { test: { branch: release/1.x } }
environments:
  azureml://registries/azureml/environments/sklearn-1.5/labels/*:
    python: 3.10
    requirements: shared/r.txt
  azureml:own@latest: { python: ">=3.10,<3.14", requirements: [numpy, "scikit-learn>=1.5"] }
datastores: { store: ../data, public: https://a.blob.core.windows.net/c }
registry: registry.example.com:5000/models
cache: { maxSize: 1.5 GiB }
`
  expect(settingsOf(text)).toEqual({
    deploy: { test: { branch: 'release/1.x' } },
    environments: {
      'azureml://registries/azureml/environments/sklearn-1.5/labels/*': {
        python: '3.10',
        requirements: ['numpy==2.2.6', '--index-url x', 'pandas==2.3.1    --hash=sha256:00'],
      },
      'azureml:own@latest': { python: '>=3.10,<3.14', requirements: ['numpy', 'scikit-learn>=1.5'] },
    },
    datastores: { store: '../data', public: 'https://a.blob.core.windows.net/c' },
    python: { warm: undefined },
    registry: 'registry.example.com:5000/models',
    cache: { maxSize: 1.5 * 2 ** 30 },
  })
})

test.each([
  ['deploy: { dev: { branch: "$(touch x)" } }', 'invalid-name', 'deploy.dev.branch'],
  ['deploy: { dev: { branch: a..b } }', 'invalid-name', 'deploy.dev.branch'],
  ['deploy: { "d ev": { branch: main } }', 'invalid-name', 'deploy.d ev'],
  ['deploy: { a: { branch: x }, b: { branch: x } }', 'duplicate-branch', 'deploy'],
  ['environments: { e: { python: 2.7, requirements: [] } }', 'invalid-value', 'environments.e.python'],
  ['environments: { e: { requirements: none.txt } }', 'file-not-found', 'environments.e.requirements'],
  ['environments: { e: {} }', 'missing-key', 'environments.e.requirements'],
  ['datastores: { a/b: x }', 'invalid-name', 'datastores.a/b'],
  ['datastores: { a: s3://bucket }', 'invalid-value', 'datastores.a'],
  ['registry: https://me:secret@example.com/x', 'invalid-value', 'registry'],
  ['regsitry: x', 'unknown-key', 'regsitry'],
  ['cache: { maxSize: 20 apples }', 'invalid-value', 'cache.maxSize'],
  ['cache: { maxSize: 0 }', 'invalid-value', 'cache.maxSize'],
])('in millwright.yml, %s is refused', (text, code, key) => {
  const place = expect.objectContaining({ file: 'mlops/millwright.yml', line: 1, key })
  expect(() => settingsOf(text)).toThrow(expect.objectContaining({ code, place }))
})
