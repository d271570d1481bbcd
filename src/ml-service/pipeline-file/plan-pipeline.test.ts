import { describe, expect, it } from 'vitest'
import { planned, planTexts } from './plan-texts.ts'

const ENVIRONMENT = 'environment: azureml:sklearn@latest'

/** A pipeline of one inline step with these inputs, each echoed. */
function echo(inputs: string, rest = ''): string {
  const names = [...inputs.matchAll(/^ {6}(\w+):/gm)].map(match => `\${{inputs.${match[1]}}}`)
  return `type: pipeline\n${rest}jobs:\n  step:\n    command: echo ${names.join(' ')}\n    ${ENVIRONMENT}\n    inputs:\n${inputs}`
}

describe('a pipeline job', () => {
  it('has names and settings, with defaults', () => {
    const file = `type: pipeline\njobs:\n  a: {command: x, environment: "azureml:e@latest"}\n`
    expect(planned(file)).toMatchObject({
      displayName: 'pipeline',
      experiment: 'Default',
      settings: { continueOnStepFailure: true, forceRerun: false, defaultDatastore: 'workspaceblobstore' },
      files: ['/p/pipeline.yml'],
      warnings: [],
    })
    const settings =
      'settings: {continue_on_step_failure: no, force_rerun: yes, default_datastore: azureml:mine, default_compute: azureml:c}\n'
    expect(planned(`display_name: shown\nexperiment_name: tries\n${settings}${file}`)).toMatchObject({
      displayName: 'shown',
      experiment: 'tries',
      settings: { continueOnStepFailure: false, forceRerun: true, defaultDatastore: 'mine' },
    })
  })

  it('plans an inline step with everything it can say', () => {
    const { steps } = planned({
      'pipeline.yml': `type: pipeline
jobs:
  train:
    command: |
      python train.py \${{outputs.model}}
    code: ../p/src
    environment: {image: python, name: ignored}
    environment_variables: {SEED: "1", __proto__: x}
    limits: {timeout: 90}
    is_deterministic: false
    outputs:
      model: {type: mlflow_model, mode: upload, path: "azureml://datastores/d/paths/\${{name}}"}
      rest:
`,
      'src/train.py': '',
    })
    expect(steps).toEqual([
      {
        name: 'train',
        needs: [],
        spec: '{"command":"python train.py ${{outputs.model}}\\n","outputs":{"model":"mlflow_model","rest":"uri_folder"}}',
        command: 'python train.py ${{outputs.model}}\n',
        code: '/p/src',
        environment: { kind: 'inline', image: 'python', conda: undefined },
        environmentVariables: Object.fromEntries([
          ['SEED', '1'],
          ['__proto__', 'x'],
        ]),
        inputs: {},
        outputs: {
          model: { type: 'mlflow_model', path: 'azureml://datastores/d/paths/${{name}}' },
          rest: { type: 'uri_folder', path: undefined },
        },
        timeoutSeconds: 90,
        deterministic: false,
        place: { file: '/p/pipeline.yml', line: 3 },
      },
    ])
  })

  it('orders steps by what they need, keeping the order of the file', () => {
    const step = (name: string, needs: string[]) =>
      `  ${name}:\n    command: echo ${needs.map(need => `\${{inputs.${need}}}`).join(' ')}\n    ${ENVIRONMENT}\n    inputs:\n${needs.map(need => `      ${need}: \${{parent.jobs.${need}.outputs.artifacts}}\n`).join('')}`
    const { steps } = planned(
      `type: pipeline\njobs:\n${step('d', ['b', 'c'])}${step('b', ['a'])}${step('c', ['a'])}${step('a', [])}${step('e', [])}`,
    )
    expect(steps.map(one => [one.name, one.needs])).toEqual([
      ['a', []],
      ['e', []],
      ['b', ['a']],
      ['c', ['a']],
      ['d', ['b', 'c']],
    ])
  })

  it('plans a thousand steps, each needing the next one of the file', () => {
    const step = (i: number) =>
      `  s${i}:\n    command: x \${{inputs.i}} \${{outputs.o}}\n    ${ENVIRONMENT}\n    inputs: {i: ${i < 999 ? `"\${{parent.jobs.s${i + 1}.outputs.o}}"` : '1'}}\n    outputs: {o: {type: uri_folder}}\n`
    const { steps } = planned(
      `type: pipeline\njobs:\n${Array.from({ length: 1000 }, (_, i) => step(i)).join('')}`,
    )
    expect(steps.map(one => one.name)).toEqual(Array.from({ length: 1000 }, (_, i) => `s${999 - i}`))
  })

  it('binds its outputs to the steps that make them, passing type and path on', () => {
    const plan = planned(`type: pipeline
outputs:
  report: {type: uri_file, path: "azureml://datastores/d/paths/r.txt"}
  late:
  nobody:
jobs:
  a:
    command: echo > \${{outputs.text}} ; \${{outputs.dir}}
    ${ENVIRONMENT}
    outputs:
      text: \${{parent.outputs.report}}
      dir: {path: "\${{ parent.outputs.late }}"}
`)
    expect(plan.outputs).toEqual({
      report: { type: 'uri_file', step: 'a', output: 'text' },
      late: { type: 'uri_folder', step: 'a', output: 'dir' },
    })
    expect(plan.steps[0]!.outputs.text).toEqual({
      type: 'uri_file',
      path: 'azureml://datastores/d/paths/r.txt',
    })
    expect(plan.warnings.map(one => [one.rule, one.key])).toEqual([['unbound-output', 'outputs.nobody']])
  })
})

describe('input values', () => {
  it.each([
    ['7', 'integer', '7'],
    ['1_000', 'integer', '1000'],
    ['"7"', 'string', '7'],
    ['1.0', 'number', '1.0'],
    ['1.0e-5', 'number', '1e-05'],
    ['1e-3', 'string', '1e-3'],
    ['on', 'boolean', 'True'],
    ["'on'", 'string', 'on'],
    ['2024-01-05', 'string', '2024-01-05'],
    ['>-\n        a\n        b', 'string', 'a b'],
    ['!!str 5', 'string', '5'],
  ])('renders the literal %j as Python does', (source, type, value) => {
    const { steps } = planned(echo(`      x: ${source}\n`))
    expect(steps[0]!.inputs.x).toEqual({ kind: 'literal', type, value })
  })

  it.each([
    ['./data', 'path', '/p/data'],
    ['data/a.csv', 'path', '/p/data/a.csv'],
    ['file:data', 'path', '/p/data'],
    ['azureml:machine@latest', 'dataset', 'azureml:machine@latest'],
    ['azureml:machine:3', 'dataset', 'azureml:machine:3'],
    ['https://example.com/a.csv', 'url', 'https://example.com/a.csv'],
    ['wasbs://c@a.blob.core.windows.net/p', 'url', 'wasbs://c@a.blob.core.windows.net/p'],
    ['azureml://datastores/d/paths/x', 'url', 'azureml://datastores/d/paths/x'],
  ])('reads the path %s as a %s', (path, kind, value) => {
    const files = {
      'pipeline.yml': echo(`      x: {type: URI_FILE, path: "${path}", mode: download}\n`),
      'data/a.csv': '',
    }
    expect(planned(files).steps[0]!.inputs.x).toEqual({
      kind: 'data',
      type: 'uri_file',
      source: { kind, value },
    })
  })

  it('follows bindings to the pipeline, keeping the type of what is bound', () => {
    const inputs =
      'inputs:\n  n: 3\n  d: {type: mltable, path: ./data}\n  url: https://example.com/x\n  none:\n'
    const files = {
      'pipeline.yml': echo(
        '      n: ${{parent.inputs.n}}\n      d: {type: uri_folder, path: "${{ parent.inputs.d }}"}\n      u: {type: uri_file, path: "${{parent.inputs.url}}"}\n      text: a-${{parent.inputs.n}}-b\n      sub: ${{parent.inputs.d}}/a.csv\n',
        inputs,
      ),
      'data/a.csv': '',
    }
    expect(planned(files).steps[0]!.inputs).toEqual({
      n: { kind: 'literal', type: 'integer', value: '3' },
      d: { kind: 'data', type: 'mltable', source: { kind: 'path', value: '/p/data' } },
      u: { kind: 'data', type: 'uri_file', source: { kind: 'url', value: 'https://example.com/x' } },
      text: { kind: 'literal', type: 'string', value: 'a-3-b' },
      sub: { kind: 'data', type: 'uri_file', source: { kind: 'path', value: '/p/data/a.csv' } },
    })
  })

  it('takes what the caller gives as if it stood in the file', () => {
    const inputs =
      'inputs:\n  n: 3\n  s: text\n  flag: true\n  d: {type: uri_folder, path: ./missing}\n  group.deep: 1\n'
    const files = {
      'pipeline.yml': echo('      n: ${{parent.inputs.n}}\n      g: ${{parent.inputs.group.deep}}\n', inputs),
      'data/a.csv': '',
    }
    const given = { n: '0.10', s: 'off', flag: 'no', d: '/p/data', 'group.deep': '2' }
    expect(planned(files, { inputs: given }).inputs).toEqual({
      n: { kind: 'literal', type: 'number', value: '0.1' },
      s: { kind: 'literal', type: 'string', value: 'off' },
      flag: { kind: 'literal', type: 'boolean', value: 'False' },
      d: { kind: 'data', type: 'uri_folder', source: { kind: 'path', value: '/p/data' } },
      'group.deep': { kind: 'literal', type: 'integer', value: '2' },
    })
    const dataset = planned(files, { inputs: { d: 'azureml:machine:2' } }).inputs.d
    expect(dataset).toMatchObject({ source: { kind: 'dataset', value: 'azureml:machine:2' } })
  })
})

const COMPONENT = `type: command
name: train
version: 01
inputs:
  data: {type: uri_folder}
  rate: {type: number, default: 0.10}
  note: {type: string, optional: true}
outputs:
  model: {type: mlflow_model}
code: ./src
environment: {image: python, conda_file: ../conda.yml}
environment_variables: {A: "1", B: "1"}
command: train \${{inputs.data}} \${{inputs.rate}}$[[ --note \${{inputs.note}}]] \${{outputs.model}}
`
const FILES = {
  'c/train.yml': COMPONENT,
  'c/src/train.py': '',
  'conda.yml': 'name: x\ndependencies:\n- python=3.10\n- pip:\n  - -r requirements.txt\n  - pandas\n',
  'requirements.txt': '# pinned\nnumpy==2.0 # newest\n\n-r more.txt\n',
  'more.txt': 'scipy',
}

describe('components', () => {
  it('resolve their paths against their own file, and have defaults', () => {
    const plan = planned({
      'pipeline.yml':
        'type: pipeline\njobs:\n  train:\n    component: file:c/train.yml\n    inputs: {data: "azureml:d@latest"}\n',
      ...FILES,
    })
    expect(plan.steps[0]).toMatchObject({
      command: 'train ${{inputs.data}} ${{inputs.rate}} ${{outputs.model}}',
      code: '/p/c/src',
      environment: {
        kind: 'inline',
        image: 'python',
        conda: '{"dependencies":["python=3.10",{"pip":["numpy==2.0","scipy","pandas"]}],"name":"x"}',
      },
      inputs: {
        data: { kind: 'data', type: 'uri_folder', source: { kind: 'dataset', value: 'azureml:d@latest' } },
        rate: { kind: 'literal', type: 'number', value: '0.1' },
      },
      outputs: { model: { type: 'mlflow_model' } },
    })
    expect(JSON.parse(plan.steps[0]!.spec)).toMatchObject({ name: 'train', version: '1' })
    expect(plan.files).toEqual(
      ['pipeline.yml', 'c/train.yml', 'conda.yml', 'requirements.txt', 'more.txt'].map(name => `/p/${name}`),
    )
  })

  it('yield to what the step sets', () => {
    const { steps } = planned({
      'pipeline.yml': `type: pipeline
jobs:
  train:
    type: command
    component: ./c/train.yml
    environment: azureml:other@latest
    environment_variables: {B: "2"}
    limits: {timeout: 5}
    inputs: {data: "azureml:d@latest", note: "hi there", rate: "1e-3"}
    outputs: {model: {type: custom_model}}
`,
      ...FILES,
    })
    expect(steps[0]).toMatchObject({
      command: 'train ${{inputs.data}} ${{inputs.rate}} --note ${{inputs.note}} ${{outputs.model}}',
      environment: { kind: 'reference', reference: 'azureml:other@latest' },
      environmentVariables: { A: '1', B: '2' },
      timeoutSeconds: 5,
      inputs: { note: { value: 'hi there' }, rate: { type: 'number', value: '1e-3' } },
      outputs: { model: { type: 'custom_model' } },
    })
  })

  it('may stand in the step', () => {
    const { steps } = planned(
      `type: pipeline\njobs:\n  a:\n    component:\n      inputs: {n: {type: integer, default: 2}}\n      command: run \${{inputs.n}}\n      ${ENVIRONMENT}\n`,
    )
    expect(steps[0]!.inputs).toEqual({ n: { kind: 'literal', type: 'integer', value: '2' } })
  })

  it('may come from a registry that the caller knows', () => {
    const pipeline =
      'type: pipeline\njobs:\n  a: {component: "azureml:train@latest", inputs: {data: "azureml:d@latest"}}\n'
    const registry = (reference: string) =>
      reference === 'azureml:train@latest' ? '/p/c/train.yml' : undefined
    expect(planned({ 'pipeline.yml': pipeline, ...FILES }, { registry }).steps[0]!.code).toBe('/p/c/src')
  })

  it('may mismatch in the type of data: the bound value wins', () => {
    const { steps } = planned({
      'pipeline.yml':
        'type: pipeline\njobs:\n  train:\n    component: c/train.yml\n    inputs: {data: {type: uri_file, path: "https://example.com/x.csv"}}\n',
      ...FILES,
    })
    expect(steps[0]!.inputs.data).toMatchObject({ type: 'uri_file' })
  })

  it('can be run by themselves, as the only step', () => {
    const files = { ...FILES, 'pipeline.yml': COMPONENT, 'src/x': '', 'data/x': '' }
    const at = (path: string) => (path === '/conda.yml' ? '{dependencies: []}' : undefined)
    const read = (path: string) =>
      at(path) ?? new Map(Object.entries(files).map(([n, t]) => [`/p/${n}`, t])).get(path)
    const plan = planned(files, { inputs: { data: '/p/data', rate: '0.5' }, read })
    expect(plan.steps[0]).toMatchObject({
      name: 'train',
      command: 'train ${{inputs.data}} ${{inputs.rate}} ${{outputs.model}}',
      inputs: { data: { source: { value: '/p/data' } }, rate: { value: '0.5' } },
    })
    expect(plan.outputs).toEqual({ model: { type: 'mlflow_model', step: 'train', output: 'model' } })
  })

  it('can be looked at without values for their inputs', () => {
    const open = planTexts(
      { 'pipeline.yml': `${COMPONENT.replace('../conda', 'conda')}`, ...FILES, 'src/x': '' },
      { openInputs: true },
    )
    expect(open).toEqual({ plan: undefined, problems: [] })
  })
})

describe('nested pipelines', () => {
  const inner = `$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
type: pipeline
inputs:
  raw: {type: uri_folder}
  rate: {type: number, default: 0.5}
  note: {type: string, optional: true}
outputs:
  model: {type: mlflow_model}
jobs:
  prepare:
    command: cp -r \${{inputs.raw}} \${{outputs.out}}
    ${ENVIRONMENT}
    inputs: {raw: "\${{parent.inputs.raw}}"}
    outputs: {out: {type: uri_folder}}
  train:
    component: train.yml
    inputs:
      data: \${{parent.jobs.prepare.outputs.out}}
      rate: \${{parent.inputs.rate}}
      note: \${{parent.inputs.note}}
    outputs: {model: "\${{parent.outputs.model}}"}
`
  const outer = `type: pipeline
outputs:
  best: {path: "azureml://datastores/d/paths/best"}
jobs:
  score:
    command: score \${{inputs.model}} \${{inputs.same}}
    ${ENVIRONMENT}
    inputs:
      model: \${{parent.jobs.fit.outputs.model}}
      same: \${{parent.jobs.fit.inputs.raw}}
  fit:
    type: pipeline
    component: c/middle.yml
    inputs: {raw: "azureml:d@latest", note: x}
    outputs: {model: "\${{parent.outputs.best}}"}
`
  const middle = `type: pipeline
inputs:
  raw: {type: uri_folder}
  note: {type: string, optional: true}
outputs: {model: {type: mlflow_model}}
jobs:
  inner:
    component: inner.yml
    inputs: {raw: "\${{parent.inputs.raw}}", note: "\${{parent.inputs.note}}"}
    outputs: {model: "\${{parent.outputs.model}}"}
`

  it('become flat steps, with bindings through every level', () => {
    const plan = planned({ 'pipeline.yml': outer, 'c/inner.yml': inner, 'c/middle.yml': middle, ...FILES })
    expect(plan.steps.map(one => [one.name, one.needs])).toEqual([
      ['fit.inner.prepare', []],
      ['fit.inner.train', ['fit.inner.prepare']],
      ['score', ['fit.inner.train']],
    ])
    const [prepare, train, score] = plan.steps
    expect(prepare!.inputs.raw).toMatchObject({ source: { value: 'azureml:d@latest' } })
    expect(train!.inputs).toMatchObject({ rate: { value: '0.5' }, note: { value: 'x' } })
    expect(train!.outputs.model).toEqual({ type: 'mlflow_model', path: 'azureml://datastores/d/paths/best' })
    expect(score!.inputs.model).toEqual({
      kind: 'step',
      step: 'fit.inner.train',
      output: 'model',
      type: 'mlflow_model',
    })
    expect(score!.inputs.same).toMatchObject({ source: { value: 'azureml:d@latest' } })
    expect(plan.outputs).toEqual({ best: { type: 'mlflow_model', step: 'fit.inner.train', output: 'model' } })
  })

  it('can be the whole of a job', () => {
    const job =
      'type: pipeline\ncomponent: c/inner.yml\ninputs:\n  raw: {type: uri_folder, path: "azureml:d:1"}\n  rate: 1\n'
    const plan = planned({ 'pipeline.yml': job, 'c/inner.yml': inner, ...FILES })
    expect(plan.steps.map(one => one.name)).toEqual(['prepare', 'train'])
    expect(plan.steps[1]!.inputs.rate).toEqual({ kind: 'literal', type: 'number', value: '1' })
    expect(plan.outputs.model).toMatchObject({ step: 'train' })
  })

  it('do not explode', () => {
    const level = (next: string) =>
      `type: pipeline\njobs:\n${Array.from({ length: 9 }, (_, i) => `  s${i}: {component: ${next}}\n`).join('')}`
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`l${i}.yml`, level(`l${i + 1}.yml`)]),
    )
    const { problems } = planTexts({
      'pipeline.yml': level('l0.yml'),
      ...files,
      'l9.yml': 'command: x\nenvironment: azureml:e@latest\n',
    })
    expect(problems.some(one => one.rule === 'too-many-steps')).toBe(true)
  })
})
