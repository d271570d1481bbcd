import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import type { SourceTree } from './model-type.ts'
import { readModelType } from './read-model-type.ts'

const FILE = 'mlops/press/model.yml'
const SMALLEST = `train: { model: trained }
compare: { score: score.yml, dataset: "azureml:eval@latest", metric: f1 }
`
const OTHERS = ['pipeline.yml', 'score.yml', 'serve/predict.py', 'data/sample/a.csv']

function treeWith(model: string, others = OTHERS, folder = 'press'): SourceTree {
  const texts = new Map(others.map(path => [`mlops/${folder}/${path}`, '']))
  texts.set(`mlops/${folder}/model.yml`, model)
  texts.set('mlops/shared/score.yml', '')
  return { files: [...texts.keys()].sort(), read: path => texts.get(path)! }
}

function mistake(model: string, others?: string[], folder?: string): UserError {
  try {
    readModelType(treeWith(model, others, folder), folder ?? 'press')
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

test('the smallest model.yml gets a default for everything else', () => {
  expect(readModelType(treeWith(SMALLEST), 'press')).toEqual({
    name: 'press',
    folder: 'mlops/press',
    file: FILE,
    checks: { lint: 'ruff check .', test: 'pytest' },
    requirements: null,
    pipeline: 'mlops/press/pipeline.yml',
    sample: {},
    train: { inputs: {}, model: 'trained' },
    compare: {
      score: 'mlops/press/score.yml',
      dataset: 'azureml:eval@latest',
      metric: 'f1',
      target: 'target',
    },
    serve: {
      runtime: 'python-oip',
      code: 'mlops/press/serve',
      requirements: null,
      golden: null,
      signature: { inputs: [], outputs: [] },
    },
    drift: null,
    trigger: { newDataset: false },
  })
})

test('what is given is read, with paths relative to the root and scalars as they are written', () => {
  const model = `name: big-press
checks: { lint: "true", test: pytest -q }
sample: { data: ./data/sample, more: data/sample, rate: 0.10, mode: serve, all: true, from: azureml:x@latest }
train: { inputs: { raw: "azureml:raw@latest" }, model: trained }
compare: { score: ../shared/score.yml, dataset: eval:3, metric: rmse, target: y }
serve:
  golden: golden
  signature:
    inputs: [{ name: x, datatype: FP64, shape: [-1, 3] }]
drift: { target: "azureml:live@latest" }
trigger: { newDataset: true }
`
  const others = [...OTHERS, 'requirements.txt', 'serve/requirements.txt']
  expect(readModelType(treeWith(model, others), 'press')).toMatchObject({
    name: 'big-press',
    folder: 'mlops/press',
    checks: { lint: 'true', test: 'pytest -q' },
    requirements: 'mlops/press/requirements.txt',
    sample: {
      data: 'mlops/press/data/sample',
      more: 'mlops/press/data/sample',
      rate: '0.10',
      mode: 'serve',
      all: 'true',
      from: 'azureml:x@latest',
    },
    compare: { score: 'mlops/shared/score.yml', dataset: 'eval:3', metric: 'rmse', target: 'y' },
    serve: {
      requirements: 'mlops/press/serve/requirements.txt',
      golden: 'golden',
      signature: { inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 3] }], outputs: [] },
    },
    drift: { target: 'azureml:live@latest', schedule: '0 6 * * *' },
    trigger: { newDataset: true },
  })
})

describe('mistakes are named with their place', () => {
  const mistakes: [string, string, string, string, string][] = [
    // what, text, code, line:column:key, part of message and hint
    ['unknown key', `nmae: x\n${SMALLEST}`, 'unknown-key', '1:1:nmae', 'Did you mean `name`?'],
    ['unknown nested key', `checks:\n  tests: x\n${SMALLEST}`, 'unknown-key', '2:3:checks.tests', '`test`'],
    ['far-off key', `zebra: x\n${SMALLEST}`, 'unknown-key', '1:1:zebra', 'The keys here are: name, checks'],
    ['key of Object', `constructor: x\n${SMALLEST}`, 'unknown-key', '1:1:constructor', 'constructor'],
    ['merge key', `<<: { name: x }\n${SMALLEST}`, 'unknown-key', '1:1:<<', '<<'],
    ['map for text', `name: { a: b }\n${SMALLEST}`, 'wrong-type', '1:1:name', 'must be text, but is a map'],
    ['number for text', `name: 7\n${SMALLEST}`, 'wrong-type', '1:1:name', 'must be text, but is 7'],
    [
      'list for map',
      `train: [a]\n`,
      'wrong-type',
      '1:1:train',
      'must be a map of `key: value` lines, but is a list',
    ],
    ['text for the file', 'hello\n', 'wrong-type', '1:1:', 'the file must be a map'],
    [
      'text for flag',
      `trigger: { newDataset: "yes" }\n${SMALLEST}`,
      'wrong-type',
      '1:12:trigger.newDataset',
      '`true` or `false`',
    ],
    [
      'text for list',
      `serve: { signature: { inputs: x } }\n${SMALLEST}`,
      'wrong-type',
      '1:23:serve.signature.inputs',
      'a list',
    ],
    [
      'fraction in a shape',
      `serve: { signature: { inputs: [{ name: x, datatype: FP32, shape: [1.5] }] } }\n${SMALLEST}`,
      'wrong-type',
      '1:67:serve.signature.inputs[0].shape[0]',
      'whole number',
    ],
    ['missing section', 'name: x\ntrain: { model: m }\n', 'missing-key', '1:1:compare', 'Add `compare: …`.'],
    [
      'missing key',
      'train:\n  inputs: {}\n',
      'missing-key',
      '1:1:train.model',
      'Add `model: …` under `train`.',
    ],
    ['key without value', 'train:\n  model:\n', 'missing-key', '2:3:train.model', 'is missing'],
    ['empty text', `name: " "\n${SMALLEST}`, 'invalid-value', '1:1:name', 'must not be empty'],
    [
      'unknown metric',
      SMALLEST.replace('f1', 'f2'),
      'invalid-value',
      '2:62:compare.metric',
      'Did you mean `f1`?',
    ],
    [
      'bad dataset',
      SMALLEST.replace('eval@latest', 'ev al'),
      'invalid-value',
      '2:30:compare.dataset',
      'azureml:name@latest',
    ],
    [
      'bad schedule',
      `drift: { target: x, schedule: daily }\n${SMALLEST}`,
      'invalid-value',
      '1:21:drift.schedule',
      'five cron fields',
    ],
    [
      'bad input name',
      `sample: { "a b": 1 }\n${SMALLEST}`,
      'invalid-name',
      '1:11:sample.a b',
      'pipeline input',
    ],
    [
      'unknown runtime',
      `serve: { runtime: java }\n${SMALLEST}`,
      'invalid-value',
      '1:10:serve.runtime',
      'python-oip',
    ],
    [
      'missing score',
      SMALLEST.replace('score.yml', 'scor.yml'),
      'file-not-found',
      '2:12:compare.score',
      'Did you mean mlops/press/score.yml?',
    ],
    [
      'missing pipeline',
      `pipeline: other/thing.yml\n${SMALLEST}`,
      'file-not-found',
      '1:1:pipeline',
      'Add mlops/press/other/thing.yml',
    ],
    [
      'missing requirements',
      `requirements: r.txt\n${SMALLEST}`,
      'file-not-found',
      '1:1:requirements',
      'mlops/press/r.txt',
    ],
    [
      'missing serve folder',
      `serve: { code: app }\n${SMALLEST}`,
      'file-not-found',
      '1:10:serve.code',
      'a folder',
    ],
    [
      'missing sample',
      `sample: { data: ./no }\n${SMALLEST}`,
      'file-not-found',
      '1:11:sample.data',
      'mlops/press/no',
    ],
    [
      'path out of the repository',
      `pipeline: ../../../etc/passwd\n${SMALLEST}`,
      'path-outside-repository',
      '1:1:pipeline',
      'inside the repository',
    ],
    [
      'absolute path',
      `pipeline: /etc/passwd\n${SMALLEST}`,
      'path-outside-repository',
      '1:1:pipeline',
      'inside the repository',
    ],
    [
      'backslashes',
      `pipeline: a\\b.yml\n${SMALLEST}`,
      'path-outside-repository',
      '1:1:pipeline',
      'forward slashes',
    ],
    ['empty file', '', 'empty-file', '1:1:', 'Fill it in'],
    ['only comments', '# todo\n\n', 'empty-file', '1:1:', 'Fill it in'],
    ['unclosed bracket', 'name: [a\nx: 1\n', 'invalid-yaml', '2:1:', 'not valid YAML'],
    ['tab', 'train:\n\tmodel: x\n', 'invalid-yaml', '2:1:', 'not a tab'],
    ['unknown tag', 'name: !!python/object x\n', 'invalid-yaml', '1:7:', 'tag'],
    ['two documents', `${SMALLEST}---\n${SMALLEST}`, 'invalid-yaml', '3:1:', 'not valid YAML'],
    [
      'duplicate key',
      `train:\n  model: a\n  model: b\n`,
      'duplicate-key',
      '3:3:train.model',
      'Remove one of the two.',
    ],
  ]
  test.each(mistakes)('%s', (_, model, code, place, words) => {
    const error = mistake(model)
    const { file, line, column, key } = error.place
    expect([error.code, `${line}:${column}:${key ?? ''}`, file]).toEqual([code, place, FILE])
    expect(`${error.message} ${error.hint ?? ''}`).toContain(words)
  })

  test.each([
    'a b',
    '..',
    'a..b',
    '../x',
    '"quoted"',
    "it's",
    '$(touch x)',
    '`id`',
    '-x',
    'a/b',
    'ü',
    'x'.repeat(129),
  ])('the name %j is refused, as a name and as a folder', hostile => {
    const place = { file: FILE, line: 1, column: 1, key: 'name' }
    expect(mistake(`name: ${JSON.stringify(hostile)}\n${SMALLEST}`)).toMatchObject({
      code: 'invalid-name',
      place,
    })
    expect(mistake(SMALLEST, OTHERS, hostile)).toMatchObject({ code: 'invalid-name' })
  })

  test('a missing default file is named with what to do', () => {
    const error = mistake(SMALLEST, ['score.yml', 'serve/predict.py'])
    expect(error).toMatchObject({ code: 'file-not-found', place: { key: 'pipeline' } })
    expect(error.hint).toContain('Add mlops/press/pipeline.yml')
  })

  test('a file that is too large, nested too deeply or full of aliases is refused quickly', () => {
    expect(mistake(`# ${'x'.repeat(300_000)}`).code).toBe('file-too-large')
    const bomb = Array.from(
      { length: 12 },
      (_, n) => `a${n}: &a${n} [${Array(12).fill(n ? `*a${n - 1}` : 'x')}]`,
    )
    expect(mistake(bomb.join('\n')).code).toBe('too-many-aliases')
    expect(mistake('train: &t { inputs: *t, model: x }\n')).toMatchObject({ code: 'wrong-type' })
  })
})

// Stack overflow inside a regular expression's compilation ends the process, so the parser must not get there.
test.each(['[', '{a: ', '- ', '? ', '? [', '!a [', '&a [', '- [', '"": [', '["]", ', "{'}': "])(
  'thousands of nested %j are refused before they are parsed',
  open => {
    const close = open.includes('[') ? ']' : open.includes('{') ? '}' : ''
    for (const depth of [300, 3000, 17_000, 30_000]) {
      for (const text of [open.repeat(depth), `${open.repeat(depth)}x${close.repeat(depth)}`]) {
        expect(mistake(text).code).toBe('invalid-yaml')
      }
    }
  },
)

test('whatever the text, the only error is the user’s', () => {
  const keys = fc.constantFrom(
    'name',
    'train',
    'compare',
    'serve',
    'sample',
    'model',
    'inputs',
    '<<',
    '? a',
    '&a',
    '*a',
  )
  const line = fc.tuple(
    fc.nat(3),
    keys,
    fc.constantFrom(':', ': ', ' :', ''),
    fc.string({ maxLength: 12, unit: 'binary' }),
  )
  const lines = fc.array(
    line.map(([depth, ...words]) => '  '.repeat(depth) + words.join('')),
    { maxLength: 8 },
  )
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    lines.map(all => all.join('\n')),
  )
  fc.assert(
    fc.property(anything, text => {
      try {
        readModelType(treeWith(text), 'press')
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
      }
    }),
    { numRuns: 1000 },
  )
})
