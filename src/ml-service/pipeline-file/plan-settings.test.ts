import { describe, expect, it } from 'vitest'
import { brief, planned, planTexts } from './plan-texts.ts'

const E = 'environment: "azureml:e:1"'

describe('distribution', () => {
  const component = `type: command\ncommand: x\n${E}\ndistribution: {type: pytorch, process_count_per_instance: 2}\n`
  const pipeline = (rest: string) => ({
    'pipeline.yml': `type: pipeline\ninputs: {n: 4}\njobs:\n  a:\n    component: c.yml\n${rest}`,
    'c.yml': component,
  })

  it("is the component's unless the step has its own", () => {
    const [own] = planned(pipeline('')).steps
    const [other] = planned(
      pipeline('    distribution: {type: TensorFlow, worker_count: "${{parent.inputs.n}}"}\n'),
    ).steps
    expect(own!.distribution).toEqual({ type: 'pytorch', processes: 2 })
    expect(other!.distribution).toEqual({ type: 'tensorflow', processes: 4 })
    expect(own!.spec).not.toBe(other!.spec)
  })

  it('has one process by default', () => {
    const { steps } = planned(
      `type: pipeline\njobs:\n  a: {command: x, ${E}, distribution: {type: tensorflow}}\n`,
    )
    expect(steps[0]!.distribution).toEqual({ type: 'tensorflow', processes: 1 })
  })

  it.each(['mpi', 'ray'])('cannot be %s here', type => {
    const text = `type: pipeline\njobs:\n  a: {command: x, ${E}, distribution: {type: ${type}}}\n`
    expect(planTexts(text).problems.map(one => one.rule)).toEqual(['unsupported-distribution'])
    expect(planTexts(text, { target: 'azureml' }).problems).toEqual([])
  })

  it('is clamped to one instance, said once', () => {
    const step = `{command: x, ${E}, resources: {instance_count: 2}}`
    const { plan, problems } = planTexts(`type: pipeline\njobs:\n  a: ${step}\n  b: ${step}\n`)
    expect(plan).toBeDefined()
    expect(problems.map(one => one.message)).toEqual([
      "'instance_count' has no effect here: this is one machine, so it counts as 1",
    ])
  })
})

describe('settings from the enclosing pipeline', () => {
  it('may be timeouts, environment variables and output paths', () => {
    const { steps } = planned(`type: pipeline
inputs: {seconds: 60, where: there}
jobs:
  a:
    command: x \${{outputs.o}}
    ${E}
    limits: {timeout: "\${{parent.inputs.seconds}}"}
    environment_variables: {WHERE: "in \${{parent.inputs.where}}"}
    outputs: {o: {path: "azureml://datastores/\${{default_datastore}}/paths/\${{parent.inputs.where}}/\${{name}}"}}
`)
    expect(steps[0]).toMatchObject({
      timeoutSeconds: 60,
      environmentVariables: { WHERE: 'in there' },
      outputs: { o: { path: 'azureml://datastores/${{default_datastore}}/paths/there/${{name}}' } },
    })
  })

  it('must have the right type', () => {
    const text = `type: pipeline\ninputs: {t: soon}\njobs:\n  a: {command: x, ${E}, limits: {timeout: "\${{parent.inputs.t}}"}}\n`
    expect(planTexts(text).problems.map(brief)).toEqual([
      'wrong-type pipeline.yml:4:65 jobs.a.limits.timeout',
    ])
  })
})

describe('outputs with names', () => {
  it('become data assets, also when the pipeline or an outer one names them', () => {
    const plan = planned({
      'pipeline.yml': `type: pipeline
outputs:
  best: {type: uri_folder, name: best-model, version: 01}
  rest:
jobs:
  in:
    type: pipeline
    component: inner.yml
    outputs:
      model: \${{parent.outputs.best}}
      log: {name: log}
  a:
    command: x \${{outputs.o}}
    ${E}
    outputs: {o: {type: uri_file, name: own, path: "\${{parent.outputs.rest}}"}}
`,
      'inner.yml': `type: pipeline
outputs: {model: {type: mlflow_model}, log: {type: uri_file}}
jobs:
  t:
    command: x \${{outputs.m}} \${{outputs.l}}
    ${E}
    outputs: {m: "\${{parent.outputs.model}}", l: "\${{parent.outputs.log}}"}
`,
    })
    expect(plan.steps.map(one => [one.name, one.outputs])).toEqual([
      [
        'in.t',
        {
          m: { type: 'mlflow_model', path: undefined, name: 'best-model', version: '1' },
          l: { type: 'uri_file', path: undefined, name: 'log', version: undefined },
        },
      ],
      ['a', { o: { type: 'uri_file', path: undefined, name: 'own', version: undefined } }],
    ])
  })
})

describe('the registry of components', () => {
  const pipeline = (reference: string) => `type: pipeline\njobs:\n  a: {component: "${reference}"}\n`
  const options = {
    registry: (reference: string) =>
      /^azureml:train(@latest|:1)?$/.test(reference) ? '/p/train.yml' : undefined,
    registered: () => ['train', 'score'],
  }
  const plan = (reference: string) =>
    planTexts(
      { 'pipeline.yml': pipeline(reference), 'train.yml': `type: command\ncommand: x\n${E}\n` },
      options,
    )

  it.each(['azureml:train', 'azureml:train:1', 'azureml:train@latest'])('finds %s', reference => {
    expect(plan(reference).plan?.steps).toHaveLength(1)
  })

  it.each([
    ['azureml:trian@latest', 'unknown-component', "did you mean 'azureml:train@latest'?"],
    ['azureml:train:9', 'unknown-component', "register it with 'millwright ml component register FILE'"],
    ['azureml:evaluate', 'unknown-component', "register it with 'millwright ml component register FILE'"],
    ['azureml:a b', 'bad-reference', "write 'azureml:name', 'azureml:name:version' or 'azureml:name@latest'"],
    ['azureml://registries/azureml/components/x/versions/1', 'unsupported-component', null],
  ])('says what is wrong with %s', (reference, rule, suggestion) => {
    const [problem] = plan(reference).problems
    expect([problem!.rule, problem!.suggestion]).toEqual([rule, suggestion])
  })
})

describe('merge keys and anchors', () => {
  it('are those of YAML 1.1: own entries win, the first mapping over the next', () => {
    const { steps } = planned(`type: pipeline
jobs:
  one: &one {command: "echo 1", ${E}, limits: {timeout: 5}}
  two:
    command: echo 2
    <<: *one
  three:
    <<: [{command: echo 3}, *one]
`)
    expect(steps.map(one => [one.command, one.timeoutSeconds])).toEqual([
      ['echo 1', 5],
      ['echo 2', 5],
      ['echo 3', 5],
    ])
  })

  it('keep the place in which a merged value stands, and take a thousand aliases', () => {
    const merged = planTexts(
      `type: pipeline\njobs:\n  one: &one {command: "x \${{inputs.y}}", ${E}}\n  two: {<<: *one}\n`,
    )
    expect(merged.problems.map(brief)).toEqual(['unknown-placeholder pipeline.yml:3:26 jobs.one.command'])
    const steps = Array.from({ length: 1000 }, (_, i) => `  s${i}: {command: x, environment: *e}\n`)
    expect(
      planned(`type: pipeline\njobs:\n  a: {command: x, environment: &e "azureml:e:1"}\n${steps.join('')}`)
        .steps,
    ).toHaveLength(1001)
  })
})

describe('what runs on Azure ML only', () => {
  const text = `type: pipeline
jobs:
  clean:
    type: spark
    entry: {file: main.py}
    inputs: {raw: {type: uri_file, path: "azureml:raw:1"}}
    outputs: {out: {type: uri_folder}}
    args: --raw \${{inputs.raw}} --out \${{outputs.out}}
  use:
    command: ls \${{inputs.x}} \${{inputs.y}}
    ${E}
    inputs: {x: "\${{parent.jobs.clean.outputs.out}}", y: "\${{parent.jobs.each.outputs.m}}"}
  body: {component: body.yml}
  each: {type: parallel_for, body: "\${{parent.jobs.body}}", items: '[{"n": 1}]'}
`
  const files = {
    'pipeline.yml': text,
    'body.yml': `type: command\ninputs: {n: {type: integer}}\n${E}\ncommand: x \${{inputs.n}}\n`,
  }

  it('is refused by name, without false errors about those who use it', () => {
    expect(planTexts(files).problems.map(brief)).toEqual([
      'unsupported-step pipeline.yml:4:11 jobs.clean.type',
      'unsupported-step pipeline.yml:14:16 jobs.each.type',
    ])
  })

  it('is right for Azure ML, but its faults are faults there too', () => {
    expect(planTexts(files, { target: 'azureml' })).toEqual({ plan: undefined, problems: [] })
    const wrong = text
      .replace('outputs.out}}"', 'outputs.uot}}"')
      .replace('${{inputs.raw}}', '${{inputs.rwa}}')
    const { problems } = planTexts({ ...files, 'pipeline.yml': wrong }, { target: 'azureml' })
    expect(problems.map(one => [one.rule, one.suggestion])).toEqual([
      ['unknown-placeholder', "did you mean 'raw'?"],
      ['unknown-output', "did you mean 'out'?"],
    ])
  })
})
