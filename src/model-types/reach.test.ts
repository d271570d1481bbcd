import { expect, test } from 'vitest'
import type { SourceTree } from './model-type.ts'
import { planChange } from './plan-change.ts'

const model = (score: string) => `requirements: requirements.txt
train: { model: trained }
compare: { score: ${score}, dataset: eval, metric: f1 }
`
const FILES: Record<string, string> = {
  'README.md': '',
  'pyproject.toml': '',
  'mlops/millwright.yml': 'registry: null\n',
  'mlops/press/model.yml': model('../shared/score/component.yml'),
  'mlops/press/requirements.txt': '-r ../shared/requirements/base.txt\n',
  'mlops/press/pipeline.yml': `jobs:
  prepare: { component: ./components/prepare.yml }
  check: { type: pipeline, component: file:../shared/pipelines/check.yml }
`,
  'mlops/press/components/prepare.yml': 'code: ../src\nenvironment: { conda_file: ../../shared/conda.yml }\n',
  'mlops/press/src/prepare.py': 'import json\nfrom steps.tables import (\n  read,  # csv\n  write)\n',
  'mlops/press/tests/test_prepare.py': 'from helpers import row\nimport prepare\n',
  'mlops/press/serve/predict.py': 'import formats\n',
  'mlops/lathe/model.yml': model('score.yml'),
  'mlops/lathe/requirements.txt': 'pandas\n',
  'mlops/lathe/pipeline.yml': 'jobs: { all: { type: command, code: src, command: python all.py } }\n',
  'mlops/lathe/score.yml': 'code: src\n',
  'mlops/lathe/src/all.py': 'import numpy\n',
  'mlops/lathe/serve/predict.py': '',
  'mlops/shared/conda.yml': '',
  'mlops/shared/formats.py': '',
  'mlops/shared/helpers.py': '',
  'mlops/shared/pipelines/check.yml': 'jobs: { c: { component: ../steps/check/component.yml } }\n',
  'mlops/shared/requirements/base.txt': 'numpy\n-c constraints.txt\n',
  'mlops/shared/requirements/constraints.txt': '',
  'mlops/shared/score/component.yml': 'code: .\n',
  'mlops/shared/score/score.py': '',
  'mlops/shared/steps/__init__.py': '',
  'mlops/shared/steps/check/component.yml': 'code: ./code\n',
  'mlops/shared/steps/check/code/check.py': '',
  'mlops/shared/steps/tables.py': 'from . import columns\n',
  'mlops/shared/steps/columns.py': '',
  'mlops/shared/unused.py': '',
}
const tree: SourceTree = { files: Object.keys(FILES).sort(), read: path => FILES[path]! }

const touched = (path: string) =>
  planChange(tree, [path], ['pr'])
    .filter(({ affected }) => affected)
    .map(({ modelType, reasons, onlyServe }) => [modelType, reasons[0]!.because, onlyServe])

test.each([
  ['mlops/press/src/prepare.py', 'in mlops/press/'],
  ['mlops/press/tests/deleted_test.py', 'in mlops/press/'],
  ['mlops/shared/score/component.yml', 'score in mlops/press/model.yml'],
  ['mlops/shared/score/score.py', 'code in mlops/shared/score/component.yml'],
  ['mlops/shared/score/deleted.py', 'code in mlops/shared/score/component.yml'],
  ['mlops/shared/pipelines/check.yml', 'component in mlops/press/pipeline.yml'],
  ['mlops/shared/steps/check/component.yml', 'component in mlops/shared/pipelines/check.yml'],
  ['mlops/shared/steps/check/code/check.py', 'code in mlops/shared/steps/check/component.yml'],
  ['mlops/shared/conda.yml', 'conda_file in mlops/press/components/prepare.yml'],
  ['mlops/shared/requirements/base.txt', 'requirements in mlops/press/requirements.txt'],
  ['mlops/shared/requirements/constraints.txt', 'requirements in mlops/shared/requirements/base.txt'],
  ['mlops/shared/steps/tables.py', 'import in mlops/press/src/prepare.py'],
  ['mlops/shared/steps/__init__.py', 'import in mlops/press/src/prepare.py'],
  ['mlops/shared/steps/columns.py', 'import in mlops/shared/steps/tables.py'],
  ['mlops/shared/helpers.py', 'import in mlops/press/tests/test_prepare.py'],
])('%s touches only the model type that leads to it', (path, because) => {
  expect(touched(path)).toEqual([['press', because, false]])
})

test.each([
  ['mlops/press/serve/predict.py', 'in mlops/press/'],
  ['mlops/press/serve/new/file.py', 'in mlops/press/'],
  ['mlops/shared/formats.py', 'import in mlops/press/serve/predict.py'],
])('%s touches only the inference service', (path, because) => {
  expect(touched(path)).toEqual([['press', because, true]])
})

test.each(['README.md', 'mlops/press/README.md', 'mlops/shared/unused.py', 'mlops/other/x.py', 'src/app.py'])(
  '%s touches nothing',
  path => expect(touched(path)).toEqual([]),
)

test('settings touch all model types', () => {
  const all = (because: string) => [
    ['lathe', because, false],
    ['press', because, false],
  ]
  expect(touched('mlops/millwright.yml')).toEqual(all('settings that all model types share'))
  expect(touched('pyproject.toml')).toEqual(all('settings of the checks'))
})

test('a plan has an entry for every model type, the untouched ones too', () => {
  const path = 'mlops/lathe/serve/predict.py'
  expect(planChange(tree, [path, 'mlops/lathe/src/all.py'], ['ci', 'cd'])).toEqual([
    {
      modelType: 'lathe',
      affected: true,
      pipelines: ['ci', 'cd'],
      reasons: [
        { path, because: 'in mlops/lathe/' },
        { path: 'mlops/lathe/src/all.py', because: 'in mlops/lathe/' },
      ],
      onlyServe: false,
    },
    { modelType: 'press', affected: false, pipelines: [], reasons: [], onlyServe: false },
  ])
})

test('texts that are made to be slow are searched quickly', () => {
  const slow = [
    '\n'.repeat(500_000),
    ' '.repeat(500_000),
    'from a import (\n'.repeat(30_000),
    './'.repeat(250_000),
  ]
  const texts = slow.flatMap((text, index) => [
    [`mlops/lathe/src/slow${index}.py`, `${text}x`],
    [`mlops/lathe/slow${index}.txt`, `${text}x`],
    [`mlops/lathe/slow${index}.yml`, `${text}x`],
  ])
  const files = { ...FILES, ...Object.fromEntries(texts), 'mlops/lathe/deep.yml': '['.repeat(500_000) }
  const slowTree: SourceTree = { files: Object.keys(files).sort(), read: path => files[path]! }
  const started = performance.now()
  planChange(slowTree, ['mlops/lathe/src/all.py'], ['pr'])
  expect(performance.now() - started).toBeLessThan(10_000)
})
