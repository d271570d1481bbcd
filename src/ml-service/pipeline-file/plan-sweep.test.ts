import { describe, expect, it } from 'vitest'
import { brief, planned, planTexts } from './plan-texts.ts'

const TRAIN = `type: command
name: train
version: 1
inputs:
  data: {type: uri_folder}
  rate: {type: number}
  kernel: {type: string, default: rbf}
  epochs: {type: integer, default: 3}
outputs:
  model: {type: mlflow_model}
environment: azureml:e@latest
limits: {timeout: 50}
command: train \${{inputs.data}} \${{inputs.rate}} \${{inputs.kernel}} \${{inputs.epochs}} \${{outputs.model}}
`

function sweep(
  space: string,
  rest = 'sampling_algorithm: random',
  objective = '{goal: minimize, primary_metric: loss}',
) {
  return planned({
    'pipeline.yml': `type: pipeline
jobs:
  tune:
    type: sweep
    trial: ./train.yml
    inputs: {data: "azureml:d@latest", epochs: 5}
    search_space: {${space}}
    objective: ${objective}
    ${rest}
`,
    'train.yml': TRAIN,
  }).steps[0]!
}

describe('a sweep step', () => {
  it('is its trial, without the inputs that the search space gives', () => {
    const step = sweep(
      'rate: {type: uniform, min_value: 0.1, max_value: 1}, kernel: {type: choice, values: [rbf, 1.0, yes]}',
      'sampling_algorithm: {type: random, rule: Sobol, seed: 7}\n    limits: {max_total_trials: 9, max_concurrent_trials: 3, timeout: 100, trial_timeout: 20}\n    early_termination: {type: bandit, slack_amount: 0.5, delay_evaluation: 2}',
      '{goal: Maximize, primary_metric: accuracy}',
    )
    expect(step.inputs).toEqual({
      data: { kind: 'data', type: 'uri_folder', source: { kind: 'dataset', value: 'azureml:d@latest' } },
      epochs: { kind: 'literal', type: 'integer', value: '5' },
    })
    expect(step.command).toContain('${{inputs.rate}} ${{inputs.kernel}}')
    expect(step.sweep).toEqual({
      sampling: { kind: 'sobol', seed: 7 },
      space: {
        rate: { kind: 'uniform', min: 0.1, max: 1 },
        kernel: { kind: 'choice', values: ['rbf', '1.0', 'True'] },
      },
      objective: { metric: 'accuracy', goal: 'maximize' },
      limits: { totalTrials: 9, concurrentTrials: 3, timeoutSeconds: 100, trialTimeoutSeconds: 20 },
      earlyTermination: {
        kind: 'bandit',
        slackFactor: undefined,
        slackAmount: 0.5,
        evaluationInterval: 1,
        delayEvaluation: 2,
      },
    })
  })

  it.each([
    ['randint, upper: 4', { kind: 'randint', upper: 4 }],
    ['loguniform, min_value: -6, max_value: -1', { kind: 'loguniform', min: -6, max: -1 }],
    ['quniform, min_value: 0, max_value: 1, q: 0.5', { kind: 'quniform', min: 0, max: 1, q: 0.5 }],
    ['qloguniform, min_value: 0, max_value: 1, q: 2', { kind: 'qloguniform', min: 0, max: 1, q: 2 }],
    ['normal, mu: 1, sigma: 2', { kind: 'normal', mu: 1, sigma: 2 }],
    ['lognormal, mu: 1, sigma: 2', { kind: 'lognormal', mu: 1, sigma: 2 }],
    ['qnormal, mu: 1, sigma: 2, q: 3', { kind: 'qnormal', mu: 1, sigma: 2, q: 3 }],
    ['qlognormal, mu: 1, sigma: 2, q: 3', { kind: 'qlognormal', mu: 1, sigma: 2, q: 3 }],
  ])('samples from %s', (space, expected) => {
    expect(sweep(`rate: {type: ${space}}`).sweep!.space).toEqual({ rate: expected })
  })

  it('goes through a grid of choices, and of what can be counted', () => {
    const { sampling, space, limits } = sweep(
      'rate: {type: quniform, min_value: 0.5, max_value: 2, q: 0.5}, epochs: {type: randint, upper: 3}',
      'sampling_algorithm: grid',
    ).sweep!
    expect(sampling.kind).toBe('grid')
    expect(space).toEqual({
      rate: { kind: 'choice', values: ['0.5', '1.0', '1.5', '2.0'] },
      epochs: { kind: 'choice', values: ['0', '1', '2'] },
    })
    expect(limits).toMatchObject({ totalTrials: 1000, concurrentTrials: 1000 })
  })

  it("may have an inline trial, whose ports are the step's", () => {
    const { steps, problems } = readable(`type: pipeline
jobs:
  tune:
    type: sweep
    trial: {command: "train \${{inputs.n}} \${{ search_space.rate }} \${{outputs.o}}", environment: "azureml:e:1"}
    inputs: {n: 1}
    outputs: {o: {type: uri_file}}
    search_space: {rate: {type: choice, values: [1]}}
    sampling_algorithm: random
    objective: {goal: minimize, primary_metric: loss}
  use:
    command: cat \${{inputs.o}}
    environment: azureml:e:1
    inputs: {o: "\${{parent.jobs.tune.outputs.o}}"}
`)
    expect(problems).toEqual([])
    expect(steps[0]!.command).toBe('train ${{inputs.n}} ${{inputs.rate}} ${{outputs.o}}')
    expect(Object.keys(steps[0]!.inputs)).toEqual(['n'])
    expect(steps[1]!.inputs.o).toEqual({ kind: 'step', step: 'tune', output: 'o', type: 'uri_file' })
  })

  it('can be a file by itself', () => {
    const { steps } = readable(`type: sweep
trial: {command: "train \${{inputs.n}} \${{search_space.rate}}", environment: "azureml:e:1"}
inputs: {n: 1}
search_space: {rate: {type: choice, values: [1]}}
sampling_algorithm: random
objective: {goal: minimize, primary_metric: loss}
`)
    expect(steps[0]).toMatchObject({
      name: 'step',
      inputs: { n: { value: '1' } },
      sweep: { sampling: { kind: 'random' } },
    })
  })

  it('is another step for the cache when anything about the sweep changes', () => {
    const one = sweep('rate: {type: choice, values: [1]}')
    const other = sweep('rate: {type: choice, values: [2]}')
    expect(one.spec).not.toBe(other.spec)
  })

  it('refuses bayesian sampling here only', () => {
    const text = `type: sweep\ntrial: {command: "x \${{search_space.r}}", environment: "azureml:e:1"}\nsearch_space: {r: {type: choice, values: [1]}}\nsampling_algorithm: bayesian\nobjective: {goal: minimize, primary_metric: l}\n`
    expect(planTexts(text).problems.map(brief)).toEqual([
      'unsupported-sampling pipeline.yml:4:21 sampling_algorithm',
    ])
    expect(planTexts(text, { target: 'azureml' }).problems).toEqual([])
  })

  it('is the only one to take values from a search space', () => {
    const text =
      'type: pipeline\njobs:\n  a: {command: "x ${{search_space.r}}", environment: "azureml:e:1"}\n'
    expect(planTexts(text).problems.map(brief)).toEqual([
      'unknown-placeholder pipeline.yml:3:19 jobs.a.command',
    ])
  })
})

function readable(text: string) {
  const { plan, problems } = planTexts(text)
  return { steps: plan?.steps ?? [], problems }
}
