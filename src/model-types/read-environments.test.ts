import { expect, test } from 'vitest'
import { readEnvironmentsFile } from './read-environments.ts'

const CONDA = `name: e
channels: [conda-forge]
variables: { KEY: value }
dependencies:
  - python=3.9
  - conda-forge::numpy=1.22
  - libgomp
  - pip:
      - six==1.17.0
      - -r more.txt
`

test('an entry has a list, a requirements file with what it includes, or a conda file', () => {
  const files = {
    'env/map.yml': `environments:
  azureml:list@latest: { python: ">=3.9,<3.12", preferred: "3.10", requirements: [six, -r lists/a.txt] }
  azureml:file@latest: { requirements: lists/a.txt }
  azureml:conda@latest: { conda_file: lists/conda.yml }
  azureml:newer@latest: { conda_file: lists/conda.yml, python: "3.11", variables: { A: b } }
unknown: key
`,
    'env/lists/a.txt':
      '--extra-index-url https://example.com/simple\n# why\n-r ../b.txt\niniconfig \\\n  >=2\n-r a.txt\n',
    'env/b.txt': 'packaging==24.0 --hash=sha256:0\n',
    'env/lists/conda.yml': CONDA,
    'env/lists/more.txt': 'pyjokes\n',
  }
  const lines = [
    '--extra-index-url https://example.com/simple',
    'packaging==24.0 --hash=sha256:0',
    'iniconfig    >=2',
  ]
  const conda = ['numpy==1.22.*', 'six==1.17.0', 'pyjokes']
  expect(read(files)).toEqual({
    'azureml:list@latest': { python: '>=3.9,<3.12', preferred: '3.10', requirements: ['six', ...lines] },
    'azureml:file@latest': { requirements: lines },
    'azureml:conda@latest': { python: '==3.9.*', requirements: conda, variables: { KEY: 'value' } },
    'azureml:newer@latest': { python: '3.11', requirements: conda, variables: { A: 'b' } },
  })
})

test.each([
  ['environment: {}', 'missing-key', {}],
  ['- a', 'missing-key', {}],
  ['environments: [a]', 'wrong-type', { line: 1, key: 'environments' }],
  ['environments:\n  e:\n    python: 3', 'missing-key', { line: 2, key: 'environments.e.requirements' }],
  ['environments:\n  e:\n    requirements: [x]\n    conda_file: good.yml', 'invalid-value', { line: 2 }],
  [
    'environments:\n  e:\n    requirement: [x]',
    'unknown-key',
    { line: 3, key: 'environments.e.requirement' },
  ],
  ['environments:\n  e:\n    requirements: no.txt', 'file-not-found', { line: 3 }],
  ['environments:\n  e:\n    requirements: [x, -e ./mine]', 'local-requirement', { line: 3 }],
  ['environments:\n  e: {requirements: [], python: two}', 'invalid-value', { key: 'environments.e.python' }],
  ['environments:\n  e: {requirements: [], preferred: 3}', 'invalid-value', { line: 2 }],
  ['environments:\n  e: {requirements: r.txt}', 'local-requirement', { file: '/env/r.txt', line: 2 }],
  ['environments:\n  e: {conda_file: c.yml}', 'conda-package', { file: '/env/c.yml', line: 3 }],
])('%j is refused with its place', (text, code, place) => {
  const files = {
    'env/map.yml': text,
    'env/r.txt': 'six\n../wheels/own-1.0-py3-none-any.whl\n',
    'env/good.yml': 'dependencies: [python]',
    'env/c.yml': 'dependencies:\n  - numpy\n  - gcc\n',
  }
  const expected = expect.objectContaining({ file: '/env/map.yml', ...place })
  expect(() => read(files)).toThrow(expect.objectContaining({ code, place: expected }))
})

test.each([
  'requests @ https://example.com/requests-2.0-py3-none-any.whl',
  'git+https://example.com/a.git@v1#egg=a',
  '--find-links https://example.com/wheels',
  'typing_extensions',
])('%s is taken as it stands', line => {
  const files = { 'env/map.yml': `environments: { e: { requirements: ["${line}"] } }` }
  expect(read(files)).toEqual({ e: { requirements: [line] } })
})

test.each([
  './x',
  '../x',
  '.',
  '/x/y.whl',
  '-e .',
  '-c limits.txt',
  '--find-links=./w',
  'a @ file:///x',
  '-f/w',
])('%s is a path, which is refused', line => {
  const files = { 'env/map.yml': `environments: { e: { requirements: ["${line}"] } }` }
  expect(() => read(files)).toThrow(expect.objectContaining({ code: 'local-requirement' }))
})

function read(files: Record<string, string>) {
  const named = { files: Object.keys(files), read: (path: string) => files[path]!, root: '/' }
  return readEnvironmentsFile(named, 'env/map.yml')
}
