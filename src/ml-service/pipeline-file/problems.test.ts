import { describe, expect, it } from 'vitest'
import { brief, planTexts } from './plan-texts.ts'

const SCHEMA = `$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
`

/** A correct component: two inputs, one output. */
const TRAIN = `type: command
name: train
inputs:
  data: {type: uri_folder}
  rate: {type: number, default: 0.1, min: 0, max: 1}
  kind: {type: string, enum: [fast, slow], default: fast}
  note: {type: string, optional: true}
outputs:
  model: {type: mlflow_model}
environment: azureml:sklearn@latest
command: >-
  python train.py \${{inputs.data}} \${{inputs.rate}} \${{inputs.kind}} $[[--note \${{inputs.note}}]] \${{outputs.model}}
`

const PREPARE = `  prepare:
    command: echo > \${{outputs.prepared}}/x
    environment: azureml:sklearn@latest
    outputs:
      prepared: {type: uri_folder}
`

interface Case {
  name: string
  /** After the first two lines (schema, type). */
  pipeline: string
  files?: Record<string, string>
  inputs?: Record<string, string>
  /** rule file:line:column key */
  problem: string
  message?: string
  suggestion?: string | null
}

const CASES: Case[] = [
  {
    name: 'a binding to an unknown step',
    pipeline: `jobs:\n${PREPARE}  train:\n    component: train.yml\n    inputs:\n      data: \${{parent.jobs.prepair.outputs.prepared}}\n`,
    problem: 'unknown-step pipeline.yml:12:13 jobs.train.inputs.data',
    suggestion: "did you mean 'prepare'?",
  },
  {
    name: 'a binding to an unknown output',
    pipeline: `jobs:\n${PREPARE}  train:\n    component: train.yml\n    inputs:\n      data: {path: "\${{parent.jobs.prepare.outputs.preparedd}}"}\n`,
    problem: 'unknown-output pipeline.yml:12:20 jobs.train.inputs.data.path',
    suggestion: "did you mean 'prepared'?",
  },
  {
    name: 'a binding to an unknown input of another step',
    pipeline: `jobs:\n  one:\n    component: train.yml\n    inputs: {data: "azureml:d@latest"}\n  train:\n    component: train.yml\n    inputs:\n      data: \${{parent.jobs.one.inputs.dat}}\n`,
    problem: 'unknown-input pipeline.yml:10:13 jobs.train.inputs.data',
    suggestion: "did you mean 'data'?",
  },
  {
    name: 'an unknown input of the pipeline',
    pipeline: `inputs:\n  raw: {type: uri_folder, path: "azureml:d@latest"}\njobs:\n  train:\n    component: train.yml\n    inputs:\n      data: \${{parent.inputs.rav}}\n`,
    problem: 'unknown-parent-input pipeline.yml:9:13 jobs.train.inputs.data',
    suggestion: "did you mean 'raw'?",
  },
  {
    name: 'an unknown output of the pipeline',
    pipeline: `outputs:\n  best: {}\njobs:\n  prepare:\n    command: echo \${{outputs.o}}\n    environment: azureml:e@latest\n    outputs:\n      o: \${{parent.outputs.bst}}\n`,
    problem: 'unknown-parent-output pipeline.yml:10:10 jobs.prepare.outputs.o',
    suggestion: "did you mean 'best'?",
  },
  {
    name: 'one output bound twice',
    pipeline: `outputs:\n  best:\njobs:\n  a: &a\n    command: echo \${{outputs.o}}\n    environment: azureml:e@latest\n    outputs:\n      o: \${{parent.outputs.best}}\n  b: *a\n`,
    problem: 'output-bound-twice pipeline.yml:10:10 jobs.b.outputs.o',
    message: "already bound to 'o' of step 'a'",
  },
  {
    name: 'a component that lacks the bound output',
    pipeline: `outputs:\n  best:\njobs:\n  train:\n    component: train.yml\n    inputs: {data: "azureml:d@latest"}\n    outputs:\n      modle: \${{parent.outputs.best}}\n`,
    problem: 'unknown-output pipeline.yml:10:7 jobs.train.outputs.modle',
    suggestion: "did you mean 'model'?",
  },
  {
    name: 'a cycle',
    pipeline: `jobs:\n${['a', 'b', 'c']
      .map(
        (name, i, all) =>
          `  ${name}:\n    command: x \${{inputs.i}} \${{outputs.o}}\n    environment: azureml:e@latest\n    inputs:\n      i: \${{parent.jobs.${all[(i + 1) % 3]}.outputs.o}}\n    outputs: {o: {type: uri_folder}}\n`,
      )
      .join('')}`,
    problem: 'cycle pipeline.yml:20:10 jobs.c.inputs.i',
    message: 'a → c → b → a',
  },
  {
    name: 'a step that needs itself',
    pipeline: `jobs:\n  a:\n    command: x \${{inputs.i}} \${{outputs.o}}\n    environment: azureml:e@latest\n    inputs:\n      i: \${{parent.jobs.a.outputs.o}}\n    outputs: {o: }\n`,
    problem: 'cycle pipeline.yml:8:10 jobs.a.inputs.i',
    message: "step 'a' needs its own output",
  },
  {
    name: 'a cycle of inputs',
    pipeline: `jobs:\n  a:\n    command: x \${{inputs.i}}\n    environment: azureml:e@latest\n    inputs: {i: "\${{parent.jobs.b.inputs.i}}"}\n  b:\n    command: x \${{inputs.i}}\n    environment: azureml:e@latest\n    inputs: {i: "\${{parent.jobs.a.inputs.i}}"}\n`,
    problem: 'cycle pipeline.yml:11:18 jobs.b.inputs.i',
  },
  {
    name: 'a missing component file',
    pipeline: `jobs:\n  train:\n    component: ./trian.yml\n    inputs: {data: "azureml:d@latest"}\n`,
    problem: 'component-not-found pipeline.yml:5:16 jobs.train.component',
    message: '/p/trian.yml does not exist',
  },
  {
    name: 'a component that contains itself',
    pipeline: `jobs:\n  outer: {component: nested.yml}\n`,
    files: { 'nested.yml': 'type: pipeline\njobs:\n  again:\n    component: ./nested.yml\n' },
    problem: 'recursive-component nested.yml:4:16 jobs.again.component',
  },
  {
    name: 'a missing code folder',
    pipeline: `jobs:\n  a:\n    command: x\n    code: ./scr\n    environment: azureml:e@latest\n`,
    problem: 'code-not-found pipeline.yml:6:11 jobs.a.code',
    message: '/p/scr',
  },
  {
    name: 'an empty code folder',
    pipeline: `jobs:\n  a:\n    command: x\n    code: ./src\n    environment: azureml:e@latest\n`,
    files: { 'src/.keep': '' },
    problem: 'empty-code pipeline.yml:6:11 jobs.a.code',
  },
  {
    name: 'a missing required input',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      dta: azureml:d@latest\n`,
    problem: 'missing-input pipeline.yml:6:5 jobs.train.inputs.data',
    suggestion: "rename 'dta' to 'data'",
  },
  {
    name: 'a missing required input of a step without inputs',
    pipeline: `jobs:\n  train:\n    component: train.yml\n`,
    problem: 'missing-input pipeline.yml:4:3 jobs.train.inputs.data',
    suggestion: "add 'data: …' to its inputs",
  },
  {
    name: 'a pipeline input without a value',
    pipeline: `inputs:\n  raw: {type: uri_folder}\njobs:\n  train:\n    component: train.yml\n    inputs:\n      data: \${{parent.inputs.raw}}\n`,
    problem: 'missing-input pipeline.yml:4:3 inputs.raw.path',
  },
  {
    name: 'an optional input that nobody sets, bound to a required one',
    pipeline: `jobs:\n  outer: {component: nested.yml}\n`,
    files: {
      'nested.yml': `type: pipeline\ninputs:\n  raw: {type: uri_folder, optional: true}\njobs:\n  train:\n    component: train.yml\n    inputs:\n      data: \${{parent.inputs.raw}}\n`,
    },
    problem: 'missing-input nested.yml:8:13 jobs.train.inputs.data',
  },
  {
    name: 'an input that the pipeline lacks, given by the caller',
    pipeline: `inputs:\n  rate: 0.1\njobs:\n${PREPARE}`,
    inputs: { rat: '1' },
    problem: 'unknown-input pipeline.yml:3:1 inputs.rat',
    suggestion: "did you mean 'rate'?",
  },
  {
    name: 'missing data',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: {type: uri_folder, path: ./dta}\n`,
    problem: 'path-not-found pipeline.yml:7:38 jobs.train.inputs.data.path',
    message: '/p/dta',
  },
  {
    name: 'a wrong dataset reference',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: {path: "azureml:../x"}\n`,
    problem: 'bad-reference pipeline.yml:7:20 jobs.train.inputs.data.path',
  },
  {
    name: 'a literal of the wrong type',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      rate: high\n`,
    problem: 'wrong-type pipeline.yml:8:13 jobs.train.inputs.rate',
    message: "'rate' must be a number, not 'high'",
  },
  {
    name: 'a literal of the wrong type through the pipeline',
    pipeline: `inputs:\n  rate: high\njobs:\n  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      rate: \${{parent.inputs.rate}}\n`,
    problem: 'wrong-type pipeline.yml:10:13 jobs.train.inputs.rate',
  },
  {
    name: 'a literal below the minimum, given by the caller',
    pipeline: `inputs:\n  rate: 0.5\njobs:\n  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      rate: \${{parent.inputs.rate}}\n`,
    inputs: { rate: '-1' },
    problem: 'out-of-range pipeline.yml:10:13 jobs.train.inputs.rate',
    message: 'at least 0',
  },
  {
    name: 'a literal above the maximum',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      rate: 1_000\n`,
    problem: 'out-of-range pipeline.yml:8:13 jobs.train.inputs.rate',
    message: 'at most 1, not 1000',
  },
  {
    name: 'a literal that the enum lacks',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      kind: fsat\n`,
    problem: 'not-in-enum pipeline.yml:8:13 jobs.train.inputs.kind',
    suggestion: "did you mean 'fast'?",
  },
  {
    name: 'data for a literal input',
    pipeline: `jobs:\n${PREPARE}  train:\n    component: train.yml\n    inputs:\n      data: azureml:d@latest\n      rate: \${{parent.jobs.prepare.outputs.prepared}}\n`,
    problem: 'wrong-type pipeline.yml:13:13 jobs.train.inputs.rate',
  },
  {
    name: 'a literal for a data input',
    pipeline: `jobs:\n  train:\n    component: train.yml\n    inputs:\n      data: 3\n`,
    problem: 'wrong-type pipeline.yml:7:13 jobs.train.inputs.data',
    suggestion: "give it as '{type: uri_folder, path: …}'",
  },
  {
    name: 'an optional input outside brackets',
    pipeline: `jobs:\n  a: {component: c.yml}\n`,
    files: {
      'c.yml': `inputs:\n  n: {type: string, optional: true}\nenvironment: azureml:e@latest\ncommand: run \${{inputs.n}}\n`,
    },
    problem: 'optional-outside-brackets c.yml:4:14 command',
    suggestion: "write '$[[ … ${{inputs.n}} ]]'",
  },
  {
    name: 'a required input inside brackets',
    pipeline: `jobs:\n  a: {component: c.yml, inputs: {n: x}}\n`,
    files: {
      'c.yml': `inputs:\n  n: {type: string}\nenvironment: azureml:e@latest\ncommand: run $[[ \${{inputs.n}} ]]\n`,
    },
    problem: 'required-in-brackets c.yml:4:18 command',
  },
  {
    name: 'a step name with spaces',
    pipeline: `jobs:\n  my step:\n    command: x\n    environment: azureml:e@latest\n`,
    problem: 'bad-name pipeline.yml:4:3 jobs.my step',
    suggestion: "did you mean 'my_step'?",
  },
  {
    name: 'a step name that leaves its folder',
    pipeline: `jobs:\n  ../x:\n    command: x\n    environment: azureml:e@latest\n`,
    problem: 'bad-name pipeline.yml:4:3 jobs.../x',
  },
  {
    name: 'an input name with a hyphen',
    pipeline: `jobs:\n  a: {component: c.yml}\n`,
    files: {
      'c.yml': `inputs:\n  my-input: {type: string, default: a}\nenvironment: azureml:e@latest\ncommand: x\n`,
    },
    problem: 'bad-name c.yml:2:3 inputs.my-input',
    suggestion: "did you mean 'my_input'?",
  },
  {
    name: 'a missing command',
    pipeline: `jobs:\n  a:\n    environment: azureml:e@latest\n`,
    problem: 'missing-command pipeline.yml:4:3 jobs.a.command',
  },
  {
    name: 'a missing environment',
    pipeline: `jobs:\n  a:\n    command: x\n    enviroment: azureml:e@latest\n`,
    problem: 'missing-environment pipeline.yml:4:3 jobs.a.environment',
  },
  {
    name: 'an environment without a prefix',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: sklearn@latest\n`,
    problem: 'bad-environment pipeline.yml:6:18 jobs.a.environment',
    suggestion: "did you mean 'azureml:sklearn@latest'?",
  },
  {
    name: 'a missing conda file',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: {image: python, conda_file: ./cnda.yml}\n`,
    problem: 'conda-file-not-found pipeline.yml:6:46 jobs.a.environment.conda_file',
  },
  {
    name: 'a conda package that no wheel brings',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: {image: python, conda_file: ./conda.yml}\n`,
    files: { 'conda.yml': 'dependencies:\n- numpy\n- gcc=9\n' },
    problem: 'conda-package conda.yml:3:3 dependencies.1',
    message: "the conda package 'gcc' can't be installed here, where packages come from PyPI",
  },
  {
    name: 'a path in a pip list',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: {image: python, conda_file: ./conda.yml}\n`,
    files: { 'conda.yml': 'dependencies:\n- pip:\n  - -e ./mine\n' },
    problem: 'local-requirement conda.yml:3:5 dependencies.0.pip.0',
  },
  {
    name: 'an environment that must be built',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: {build: {path: ./docker}}\n`,
    problem: 'unsupported-build pipeline.yml:6:19 jobs.a.environment.build',
  },
  {
    name: 'a placeholder for an unknown input',
    pipeline: `jobs:\n  a:\n    command: |\n      echo\n      run \${{inputs.daat}}\n    environment: azureml:e@latest\n    inputs: {data: "1"}\n`,
    problem: 'unknown-placeholder pipeline.yml:7:11 jobs.a.command',
    suggestion: "did you mean 'data'?",
  },
  {
    name: 'a placeholder for an unknown output',
    pipeline: `jobs:\n  a: {component: c.yml}\n`,
    files: {
      'c.yml': `outputs:\n  out: {type: uri_file}\nenvironment: azureml:e@latest\ncommand: x > \${{outputs.uot}}\n`,
    },
    problem: 'unknown-placeholder c.yml:4:14 command',
    suggestion: "did you mean 'out'?",
  },
  {
    name: 'a parent expression in a command',
    pipeline: `inputs: {x: 1}\njobs:\n  a:\n    command: echo \${{parent.inputs.x}}\n    environment: azureml:e@latest\n`,
    problem: 'bad-expression pipeline.yml:6:19 jobs.a.command',
  },
  {
    name: 'an expression without parent',
    pipeline: `jobs:\n${PREPARE}  b:\n    command: x \${{inputs.i}}\n    environment: azureml:e@latest\n    inputs:\n      i: \${{jobs.prepare.outputs.prepared}}\n`,
    problem: 'bad-expression pipeline.yml:13:10 jobs.b.inputs.i',
    suggestion: "did you mean '${{parent.jobs.prepare.outputs.prepared}}'?",
  },
  {
    name: 'an unclosed expression',
    pipeline: `jobs:\n  a:\n    command: echo \${{inputs.x}\n    environment: azureml:e@latest\n    inputs: {x: 1}\n`,
    problem: 'bad-expression pipeline.yml:5:19 jobs.a.command',
  },
  {
    name: 'a registry component',
    pipeline: `jobs:\n  a:\n    component: azureml://registries/azureml/components/x\n`,
    problem: 'unsupported-component pipeline.yml:5:16 jobs.a.component',
  },
  {
    name: 'a misspelt step type',
    pipeline: `jobs:\n  a:\n    type: comand\n    command: x\n    environment: azureml:e@latest\n`,
    problem: 'unknown-type pipeline.yml:5:11 jobs.a.type',
    suggestion: "did you mean 'command'?",
  },
  {
    name: 'an unknown input type',
    pipeline: `jobs:\n  a: {component: c.yml}\n`,
    files: {
      'c.yml': `inputs:\n  d: {type: uri_foler, optional: true}\nenvironment: azureml:e@latest\ncommand: x\n`,
    },
    problem: 'unknown-type c.yml:2:13 inputs.d.type',
    suggestion: "did you mean 'uri_folder'?",
  },
  {
    name: 'a timeout that is no number',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: azureml:e@latest\n    limits: {timeout: 5m}\n`,
    problem: 'wrong-type pipeline.yml:7:23 jobs.a.limits.timeout',
  },
  {
    name: 'an environment variable that is no string',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: azureml:e@latest\n    environment_variables: {N: 1}\n`,
    problem: 'wrong-type pipeline.yml:7:32 jobs.a.environment_variables.N',
    suggestion: "put it in quotes: '1'",
  },
  {
    name: 'MPI',
    pipeline: `jobs:\n  a:\n    command: x\n    environment: azureml:e@latest\n    distribution: {type: mpi}\n`,
    problem: 'unsupported-distribution pipeline.yml:7:26 jobs.a.distribution.type',
  },
  {
    name: 'no steps',
    pipeline: 'job:\n  a: {}\n',
    problem: 'missing-jobs pipeline.yml:1:1 jobs',
    suggestion: "rename 'job' to 'jobs'",
  },
  {
    name: 'an empty list of steps',
    pipeline: 'jobs: {}\n',
    problem: 'missing-jobs pipeline.yml:3:7 jobs',
  },
]

describe('errors', () => {
  it.each(CASES)('names $name', ({ pipeline, files, inputs, problem, message, suggestion }) => {
    const { plan, problems } = planTexts(
      { 'pipeline.yml': SCHEMA + pipeline, 'train.yml': TRAIN, ...files },
      { inputs: inputs ?? {} },
    )
    expect(plan).toBeUndefined()
    expect(problems.filter(one => one.severity === 'error').map(brief)).toEqual([problem])
    const found = problems.find(one => one.severity === 'error')!
    if (message !== undefined) expect(found.message).toContain(message)
    if (suggestion !== undefined) expect(found.suggestion).toBe(suggestion)
  })

  it.each(['automl', 'spark', 'parallel', 'import', 'data_transfer', 'do_while'])(
    'refuses %s steps, naming step and type',
    type => {
      const { problems } = planTexts(`${SCHEMA}jobs:\n${PREPARE}  tune:\n    type: ${type}\n`)
      expect(problems.map(brief)).toEqual(['unsupported-step pipeline.yml:10:11 jobs.tune.type'])
      expect(problems[0]!.message).toMatch(/^step 'tune' .* run on Azure ML only; .* valid for Azure ML$/)
    },
  )

  it('reports a missing pipeline file', () => {
    const { problems } = planTexts({ 'other.yml': '' })
    expect(problems.map(brief)).toEqual(['file-not-found pipeline.yml:1:1 '])
  })

  it('reports everything at once, each once, the pipeline file first', () => {
    const steps = ['a', 'b'].map(name => `  ${name}: {component: c.yml, inputs: {x: y}}\n`).join('')
    const { problems } = planTexts({
      'pipeline.yml': `${SCHEMA}jobs:\n${steps}  c: {component: missing.yml}\n`,
      'c.yml': 'inputs:\n  n: {type: integer}\ncode: ./none\ncommand: x ${{outputs.o}}\n',
    })
    expect(problems.map(one => `${one.severity} ${brief(one)}`)).toEqual([
      'error missing-input pipeline.yml:4:25 jobs.a.inputs.n',
      'warning unknown-input pipeline.yml:4:34 jobs.a.inputs.x',
      'error missing-input pipeline.yml:5:25 jobs.b.inputs.n',
      'warning unknown-input pipeline.yml:5:34 jobs.b.inputs.x',
      'error component-not-found pipeline.yml:6:18 jobs.c.component',
      'error missing-environment c.yml:1:1 environment',
      'error code-not-found c.yml:3:7 code',
      'error unknown-placeholder c.yml:4:12 command',
    ])
  })
})

describe('warnings', () => {
  it('tolerates unknown keys and says what was meant', () => {
    const { plan, problems } = planTexts(
      `${SCHEMA}settings: {default_datestore: azureml:x}\njobs:\n  a:\n    command: x\n    environment: azureml:e@latest\n    comand: y\n`,
    )
    expect(plan?.warnings).toEqual(problems)
    expect(problems.map(one => [one.severity, brief(one), one.suggestion])).toEqual([
      [
        'warning',
        'unknown-key pipeline.yml:3:12 settings.default_datestore',
        "did you mean 'default_datastore'?",
      ],
      ['warning', 'unknown-key pipeline.yml:8:5 jobs.a.comand', "did you mean 'command'?"],
    ])
  })

  it('tells once what has no effect here', () => {
    const step =
      'command: x, environment: "azureml:e@latest", compute: c, resources: {instance_count: 2, instance_type: x}'
    const { problems } = planTexts(`${SCHEMA}jobs:\n  a: {${step}}\n  b: {${step}}\n`)
    expect(problems.map(brief)).toEqual([
      'ignored-key pipeline.yml:4:52 jobs.a.compute',
      'ignored-key pipeline.yml:4:76 jobs.a.resources.instance_count',
      'ignored-key pipeline.yml:4:95 jobs.a.resources.instance_type',
    ])
  })

  it('tolerates inputs and unbound outputs that a component lacks', () => {
    const { plan, problems } = planTexts({
      'pipeline.yml': `${SCHEMA}outputs: {o: }\njobs:\n  t:\n    component: train.yml\n    inputs: {data: "azureml:d@latest", dat: 1}\n    outputs: {mdel: }\n`,
      'train.yml': TRAIN,
    })
    expect(plan).toBeDefined()
    expect(problems.map(one => one.rule)).toEqual(['unbound-output', 'unknown-input', 'unknown-output'])
  })

  it('tolerates hyphens in step names', () => {
    const { plan, problems } = planTexts(
      `${SCHEMA}jobs:\n  my-step: {command: x, environment: "azureml:e@latest"}\n`,
    )
    expect(plan?.steps[0]?.name).toBe('my-step')
    expect(problems.map(one => one.rule)).toEqual(['bad-name'])
  })
})
