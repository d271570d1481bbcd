import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { mlflowClient } from '#adapters/local/mlflow-client.ts'
import { type MlflowRun, runsWithTag } from '#adapters/local/mlflow-runs.ts'
import { localPipelineRunner } from '#adapters/local/pipeline-runner.ts'
import { mlflowTracking } from '#adapters/local/tracking.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { JobReport, TrialReport } from '#ml-service/job.ts'
import type { PlannedStep, Sweep } from '#ml-service/plan.ts'
import { jobRunner, type Parts, plannedJob, plannedStep, sleeping } from '../support/job-runner.ts'

const jobs = jobRunner()
let code: string
beforeAll(async () => {
  code = scripts({ 'tracker.py': TRACKER, 'train.py': TRAIN })
  await jobs.environments.prepare({ requirements: [] }, {})
}, 60_000)
afterAll(() => jobs.dispose())

const outputs = { model: { type: 'uri_folder', path: undefined } } as const
const choice = (...values: string[]) => ({ kind: 'choice' as const, values })

describe('a sweep', () => {
  it('runs a trial for each choice of values, and its outputs are the best trial’s', async () => {
    const directory = jobs.folder()
    const train = sweep(
      'python train.py ${{inputs.x}} ${{search_space.y}} ${{outputs.model}} ${{inputs.base}}',
      {
        space: { x: choice('1', '2', '3'), y: choice('0.5', '1e-05') },
        outputs: { model: { type: 'uri_folder', path: 'azureml://datastores/store/paths/best' } },
        inputs: { base: { kind: 'literal', type: 'integer', value: '10' } },
      },
    )
    const show = plannedStep('show', 'cat ${{inputs.from}}/model', {
      needs: ['train'],
      inputs: { from: { kind: 'step', step: 'train', output: 'model', type: 'uri_folder' } },
    })
    const report = await jobs.run({ steps: [train, show] }, { directory })
    expect(report.error).toBeNull()
    expect(
      trialsOf(report).map(({ trial, status, values, metric, best }) => [
        trial,
        status,
        values,
        metric,
        best,
      ]),
    ).toEqual([
      [1, 'completed', { x: '1', y: '0.5' }, 8.5, false],
      [2, 'completed', { x: '1', y: '1e-05' }, 8.99999, false],
      [3, 'completed', { x: '2', y: '0.5' }, 9.5, false],
      [4, 'completed', { x: '2', y: '1e-05' }, 9.99999, true],
      [5, 'completed', { x: '3', y: '0.5' }, 8.5, false],
      [6, 'completed', { x: '3', y: '1e-05' }, 8.99999, false],
    ])
    expect(report.steps[0]).toMatchObject({ status: 'completed', reused: false, exitCode: 0 })
    expect(report.steps[0]!.outputs.model).toBe(join(directory, 'datastores/store/best'))
    expect(logOf(report, 'show')).toBe('x=2 y=1e-05')
    expect(readFileSync(trialsOf(report)[0]!.log, 'utf8')).toBe('AZUREML_PARAMETER_x 1\n')
    expect(existsSync(join(directory, 'steps/train/trials/1/outputs/model/model'))).toBe(true)
    expect(readFileSync(join(directory, 'steps/train/artifacts/outputs/note'), 'utf8')).toBe('2')
    expect(logOf(report, 'train')).toContain('trial 4 (x=2, y=1e-05): best, score 9.99999\n')
  })

  it('has a child run for each trial, with its values, and marks the best', async () => {
    const directory = jobs.folder()
    const train = sweep('python train.py ${{inputs.x}} 0 ${{outputs.model}} 1', {
      space: { x: choice('2', '7') },
      outputs,
    })
    await jobs.run({ steps: [train] }, { directory })
    const runs = runsIn(directory)
    const parent = runs.find(run => run.name === 'train')!
    expect(parent).toMatchObject({
      status: 'FINISHED',
      params: { x: '2' },
      tags: { 'millwright.best_trial': '1' },
    })
    expect(parent.metrics.score!.at(-1)!.value).toBe(1)
    const trials = runs.filter(run => run.tags['mlflow.parentRunId'] === parent.id)
    expect(trials.map(({ params, tags }) => [params.x, tags['millwright.best']]).sort()).toEqual([
      ['2', 'true'],
      ['7', undefined],
    ])
    expect(trials.map(run => run.status)).toEqual(['FINISHED', 'FINISHED'])
  })

  it('minimizes when it is told to, and takes each trial’s last value', async () => {
    const command = `python -c "from tracker import log; [log('loss', v, i) for i, v in enumerate(\${{inputs.v}})]"`
    const values = ['[1, 9]', '[5, 4]', "[0, float('nan')]", '[]']
    const train = sweep(command, {
      space: { v: choice(...values) },
      objective: { metric: 'loss', goal: 'minimize' },
    })
    const report = await jobs.run({ steps: [train] })
    expect(trialsOf(report).map(({ metric, best }) => [metric, best])).toEqual([
      [9, false],
      [4, true],
      [null, false],
      [null, false],
    ])
  })

  it('runs so many trials at once as it may, and each takes a slot', async () => {
    const folder = jobs.folder()
    const barrier = `touch ${folder}/\${{inputs.n}}; until [ $(ls ${folder} | wc -l) -ge 2 ]; do sleep 0.02; done`
    const log = `python -c "from tracker import log; log('score', 1)"`
    const train = (concurrentTrials: number) =>
      sweep(`${barrier}; ${log}`, { space: { n: choice('1', '2') }, limits: { concurrentTrials } })
    expect((await jobs.run({ steps: [train(2)] })).status).toBe('completed')

    const most = { now: 0, ever: 0 }
    const slots = createSlots(8)
    const counted = (signal: AbortSignal) =>
      slots(signal).then(release => {
        most.ever = Math.max(most.ever, ++most.now)
        return () => {
          most.now--
          release()
        }
      })
    const many = sweep(log, {
      space: { n: { kind: 'randint', upper: 50 } },
      limits: { totalTrials: 7, concurrentTrials: 3 },
    })
    const report = await jobs.run({ steps: [many] }, {}, { ports: { takeSlot: counted } })
    expect(trialsOf(report)).toHaveLength(7)
    expect(most).toEqual({ now: 0, ever: 3 })
  })

  it('bears trials that fail or take too long, but not if all do', async () => {
    const command = `case \${{inputs.way}} in fail) exit 3;; hang) sleep 336.5;; *) python -c "from tracker import log; log('score', 1)";; esac`
    const limits = { trialTimeoutSeconds: 20 }
    const train = (...ways: string[]) => sweep(command, { space: { way: choice(...ways) }, limits })
    const report = await jobs.run({ steps: [train('fail', 'fine')] })
    expect(report.status).toBe('completed')
    expect(trialsOf(report)[0]).toMatchObject({
      status: 'failed',
      exitCode: 3,
      message: "trial 1 of step 'train' ended with exit code 3",
    })
    const limited = sweep(command, {
      space: { way: choice('hang', 'fail') },
      limits: { trialTimeoutSeconds: 0.5 },
    })
    const failed = await jobs.run({ steps: [limited] })
    expect(failed.error).toBe(
      `step 'train': none of 2 trials completed: trial 1 of step 'train' was stopped after its limit of 0.5 s, see ${trialsOf(failed)[0]!.log}`,
    )
    expect(sleeping('336.5')).toBe(0)
  })

  it('names the metric that nobody logged, and what was logged instead', async () => {
    const train = (
      metric: string,
      command = `python -c "from tracker import log; log('accuracy', 1); log('loss', float('inf'))"`,
    ) => sweep(command, { space: { x: choice('1') }, objective: { metric, goal: 'maximize' } })
    const errorOf = async (step: PlannedStep) => (await jobs.run({ steps: [step] })).error
    expect(await errorOf(train('acuracy'))).toBe(
      "step 'train': no trial logged its primary metric 'acuracy'; they logged accuracy, loss; did you mean 'accuracy'?",
    )
    expect(await errorOf(train('loss'))).toBe(
      "step 'train': no trial logged a finite value of its primary metric 'loss' as its last",
    )
    expect(await errorOf(train('f1', 'true'))).toBe(
      "step 'train': no trial logged its primary metric 'f1'; they logged no metric at all; log it with mlflow.log_metric('f1', …)",
    )
  })

  it('ends at its time limit with the best of the trials that completed', async () => {
    const command = `test \${{inputs.x}} = 1 && python -c "from tracker import log; log('score', 1)" || sleep 337.5`
    const space = { x: choice('1', '2', '3') }
    const limits = { concurrentTrials: 1, timeoutSeconds: 6 }
    const report = await jobs.run({ steps: [sweep(command, { space, limits })] })
    expect(trialsOf(report).map(({ status, best }) => [status, best])).toEqual([
      ['completed', true],
      ['cancelled', false],
      ['cancelled', false],
    ])
    expect(trialsOf(report)[1]!.message).toBe("the sweep's limit of 6 s was over")
    expect(sleeping('337.5')).toBe(0)
    const none = await jobs.run({
      steps: [sweep('sleep 337.5', { space, limits: { ...limits, timeoutSeconds: 0.2 } })],
    })
    expect(none.error).toBe("step 'train' was stopped after its limit of 0.2 s, before a trial completed")
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const folder = jobs.folder()
    const command = `setsid sleep 338.5 & touch ${folder}/\${{inputs.x}}; sleep 338.5`
    const abort = new AbortController()
    const train = sweep(command, { space: { x: choice('1', '2', '3') }, limits: { concurrentTrials: 2 } })
    const running = jobs.run({ steps: [train] }, {}, { signal: abort.signal })
    await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(2), 20_000)
    abort.abort()
    const report = await running
    expect(report).toMatchObject({ status: 'cancelled', steps: [{ status: 'cancelled' }] })
    expect(trialsOf(report).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(sleeping('338.5')).toBe(0)
  })

  it('says so when nothing tracks its metrics', async () => {
    const report = await jobs.run(
      { steps: [sweep('true', { space: { x: choice('1') } })] },
      {},
      { ports: { tracking: undefined } },
    )
    expect(report.error).toBe("step 'train': a sweep needs experiment tracking, which is off here")
  })

  it('is reused as a whole by another job, with the table of its trials', async () => {
    const runs = join(jobs.folder(), 'runs')
    const train = sweep(`echo x >> ${runs}; python train.py \${{inputs.x}} 0 \${{outputs.model}} 1`, {
      space: { x: { kind: 'uniform', min: 0, max: 4 } },
      limits: { totalTrials: 3 },
      outputs,
    })
    const first = await jobs.run({ steps: [train] })
    const again = await jobs.run({ steps: [train] }, { job: 'another' })
    expect(again.steps[0]).toMatchObject({ status: 'completed', reused: true, reusedFrom: 'job' })
    expect(trialsOf(again)).toEqual(trialsOf(first).map(trial => ({ ...trial, log: '' })))
    const more = sweep(train.command, { ...train.sweep!, limits: { totalTrials: 4 }, outputs })
    expect((await jobs.run({ steps: [more] }, { job: 'more' })).steps[0]!.reused).toBe(false)
    expect(readFileSync(runs, 'utf8')).toBe('x\n'.repeat(7))
  })
})

describe('a pipeline file', () => {
  it('says all of it, and its metrics count also where nothing is tracked', async () => {
    const source = jobs.folder()
    cpSync(code, join(source, 'src'), { recursive: true })
    writeFileSync(join(source, 'train.yml'), COMPONENT)
    writeFileSync(join(source, 'pipeline.yml'), PIPELINE)
    const report = await localPipelineRunner(jobs.executor, {
      datastores: jobs.folder(),
      components: jobs.folder(),
    }).run({
      name: 'validation',
      source,
      file: 'pipeline.yml',
      inputs: {},
      directory: jobs.folder(),
      environments: {},
      datastores: {},
      trusted: false,
      signal: new AbortController().signal,
      log: () => {},
    })
    expect(report).toMatchObject({ status: 'completed' })
    const model = readFileSync(join(report.outputs.model!, 'model'), 'utf8')
    expect(model).toMatch(/^x=[123] y=0\.\d+$/)
    expect(model.slice(0, 3)).toBe('x=2')
  })
})

describe('early termination', () => {
  it('stops a running trial that is behind, and says why', async () => {
    const folder = jobs.folder()
    const command = `python - <<'X'
import os, time
from tracker import log
if "\${{inputs.rate}}" == "good":
    log("score", 0.9, 1)
    open("${folder}/good", "w").close()
else:
    while not os.path.exists("${folder}/good"): time.sleep(0.02)
    log("score", 0.5, 1)
    os.execlp("sleep", "sleep", "339.5")
X`
    const bandit = { kind: 'bandit', slackFactor: 0.2, slackAmount: undefined } as const
    const train = sweep(command, {
      space: { rate: choice('good', 'bad') },
      earlyTermination: { ...bandit, evaluationInterval: 1, delayEvaluation: 0 },
      limits: { concurrentTrials: 2 },
    })
    const directory = jobs.folder()
    const report = await jobs.run({ steps: [train] }, { directory })
    expect(trialsOf(report).map(({ status, metric, best }) => [status, metric, best])).toEqual([
      ['completed', 0.9, true],
      ['cancelled', 0.5, false],
    ])
    expect(trialsOf(report)[1]!.message).toBe(
      'stopped early: outside the slack of the best trial at report 1',
    )
    expect(runsIn(directory).find(run => run.tags['millwright.trial'] === '2')!.status).toBe('KILLED')
    expect(sleeping('339.5')).toBe(0)
  })
})

describe('a killed process', () => {
  it('is gone on with: finished trials are not run again, and no process of the others is left', async () => {
    const folder = jobs.folder()
    const directory = jobs.folder()
    const command = `echo \${{inputs.x}} >> ${folder}/ran; python train.py \${{inputs.x}} 0 \${{outputs.model}} 1
test \${{inputs.x}} = 1 || test -e ${folder}/go || sleep 340.5`
    const train = sweep(command, {
      space: { x: choice('1', '2', '3') },
      limits: { concurrentTrials: 2 },
      outputs,
    })
    const parts: Parts = { steps: [train] }
    const request = JSON.stringify({ job: 'job', plan: plannedJob(parts), directory, environments: {} })
    const child = spawn(process.execPath, [await jobProgram(), request, jobs.home], {
      env: { ...jobs.env },
      stdio: 'ignore',
    })
    await vi.waitFor(() => expect(sleeping('340.5')).toBe(2), 30_000)
    const killed = runsIn(directory).filter(run => run.tags['millwright.trial'] === '1')
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(sleeping('340.5')).toBe(0), 10_000)
    writeFileSync(join(folder, 'go'), '')
    const report = await jobs.run(parts, { directory })
    expect(report.error).toBeNull()
    expect(trialsOf(report).map(({ metric }) => metric)).toEqual([0, 1, 0])
    const ran = readFileSync(join(folder, 'ran'), 'utf8').split('\n')
    expect(ran.filter(x => x === '1')).toHaveLength(1)
    expect(ran.filter(x => x === '2')).toHaveLength(2)
    const [first] = runsIn(directory).filter(run => run.tags['millwright.trial'] === '1')
    expect(first!.id).toBe(killed[0]!.id)
    const parent = runsIn(directory).find(run => run.id === first!.tags['mlflow.parentRunId'])
    expect(parent).toMatchObject({ name: 'train', status: 'FINISHED' })
  })
})

describe('the real mlflow', () => {
  it('is asked for the metrics where a server tracks, and shows the trials', async () => {
    const uri = inject('mlflowUri')
    const client = mlflowClient(async () => uri)
    const command = 'python train.py ${{inputs.x}} 0 ${{outputs.model}} 1'
    const train = sweep(command, { space: { x: choice('2', '3') }, outputs })
    const ports = { tracking: mlflowTracking({ uri: async () => uri }) }
    const report = await jobs.run({ steps: [train] }, { job: 'served', forceRerun: true }, { ports })
    expect(report.error).toBeNull()
    expect(trialsOf(report).map(({ metric, best }) => [metric, best])).toEqual([
      [1, true],
      [0, false],
    ])
    const { runId } = report.tracking!
    expect(await ports.tracking.metrics(runId)).toEqual({ score: 1 })
    const { run } = await client.get<{ run: MlflowRun }>('runs/get', { run_id: runId })
    const experiment = run.info.experiment_id
    const best = await runsWithTag(client, experiment, { key: 'millwright.best', value: 'true' })
    expect(best.map(({ info, data }) => [info.status, params(data)])).toEqual([['FINISHED', { x: '2' }]])
  })

  it('logs what a sweep is judged by', async () => {
    const pip = ['mlflow-skinny==3.9.0']
    const conda = JSON.stringify({ dependencies: [{ pip }] })
    const script = `
import mlflow, sys
rate = float(sys.argv[1])
with mlflow.start_run():
    mlflow.log_param("rate", rate)
    for step in range(3): mlflow.log_metric("score", rate * step, step=step)
`
    const train = sweep('python real.py ${{inputs.rate}}', {
      space: { rate: choice('0.5', '2') },
      environment: { kind: 'inline', image: 'python', conda },
      code: scripts({ 'real.py': script }),
    })
    const report = await jobs.run({ steps: [train] })
    expect(report.error).toBeNull()
    expect(trialsOf(report).map(({ metric, best }) => [metric, best])).toEqual([
      [1, false],
      [4, true],
    ])
  }, 240_000)
})

/** Logs by MLflow's protocol. */
const TRACKER = `
import json, os, time, urllib.request

def log(key, value, step=0):
    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": key, "value": value, "step": step}
    body["timestamp"] = int(time.time() * 1000)
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ.get("MLFLOW_TRACKING_TOKEN", "")}
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).read()
`

/** Scores best at x = 2 and small y. */
const TRAIN = `
import os, sys
from tracker import log
x, y, out, base = sys.argv[1:]
assert os.listdir(out) == []
print("AZUREML_PARAMETER_x", os.environ["AZUREML_PARAMETER_x"])
with open(os.path.join(out, "model"), "w") as f: f.write(f"x={x} y={y}")
with open("outputs/note", "w") as f: f.write(x)
log("score", float(base) - (float(x) - 2) ** 2 - float(y))
`

const COMPONENT = `
type: command
name: train
version: 1
inputs:
  x: { type: integer, default: 9 }
  y: { type: number }
  base: { type: integer, default: 1 }
outputs: { model: { type: uri_folder } }
code: ./src
environment: { image: python }
command: python train.py \${{inputs.x}} \${{inputs.y}} \${{outputs.model}} \${{inputs.base}}
`

const PIPELINE = `
type: pipeline
outputs: { model: { type: uri_folder } }
jobs:
  tune:
    type: sweep
    trial: ./train.yml
    sampling_algorithm: { type: random, rule: sobol, seed: 7 }
    search_space:
      x: { type: quniform, min_value: 1, max_value: 3, q: 1 }
      y: { type: uniform, min_value: 0, max_value: 0.5 }
    objective: { goal: maximize, primary_metric: score }
    limits: { max_total_trials: 8, max_concurrent_trials: 4, trial_timeout: 60 }
    early_termination: { type: truncation_selection, truncation_percentage: 10 }
    outputs: { model: "\${{parent.outputs.model}}" }
`

type Options = Partial<PlannedStep> &
  Partial<Omit<Sweep, 'limits'>> & { space: Sweep['space']; limits?: Partial<Sweep['limits']> }

/** By default a grid of at most 20 trials, three at once, that maximizes `score`. */
function sweep(command: string, options: Options): PlannedStep {
  const { space, limits, sampling, objective, earlyTermination, ...more } = options
  const isGrid = Object.values(space).every(axis => axis.kind === 'choice')
  const usual = {
    totalTrials: 20,
    concurrentTrials: 3,
    timeoutSeconds: undefined,
    trialTimeoutSeconds: undefined,
  }
  const own: Sweep = {
    space,
    sampling: sampling ?? { kind: isGrid ? 'grid' : 'random', seed: undefined },
    objective: objective ?? { metric: 'score', goal: 'maximize' },
    limits: { ...usual, ...limits },
    earlyTermination,
  }
  return plannedStep('train', command, { code, ...more, sweep: own })
}

function scripts(files: Record<string, string>): string {
  const folder = jobs.folder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function trialsOf(report: JobReport): TrialReport[] {
  return report.steps.find(step => step.trials)!.trials!
}

function logOf(report: JobReport, name: string): string {
  return readFileSync(report.steps.find(step => step.name === name)!.log, 'utf8')
}

interface Recorded {
  id: string
  name: string
  status: string
  params: Record<string, string>
  tags: Record<string, string>
  metrics: Record<string, { value: number }[]>
}

function runsIn(directory: string): Recorded[] {
  const folder = join(directory, 'tracking', 'runs')
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  return files.map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recorded)
}

function params({ params = [] }: MlflowRun['data'] & { params?: { key: string; value: string }[] }) {
  return Object.fromEntries(params.map(({ key, value }) => [key, value]))
}

async function jobProgram(): Promise<string> {
  const contents = `
    import { localCommandRunner } from '#adapters/local/command-runner.ts'
    import { contentDigests } from '#adapters/local/content-digests.ts'
    import { uvEnvironments } from '#adapters/local/python-environments.ts'
    import { folderStepCache } from '#adapters/local/step-cache.ts'
    import { toolchain } from '#adapters/local/toolchain.ts'
    import { recordingTracking } from '#adapters/local/tracking-recorder.ts'
    import { runJob } from '#ml-service/executor/run-job.ts'
    import { createSlots } from '#ml-service/executor/slots.ts'
    const [text, home] = process.argv.slice(2)
    const request = JSON.parse(text)
    const env = { PATH: process.env.PATH, HOME: process.env.HOME }
    const commands = localCommandRunner()
    const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
    const tracking = recordingTracking(request.directory + '/tracking')
    const digest = contentDigests(home + '/digests')
    const ports = { commands, environments, tracking, cache: folderStepCache(home + '/cache'), digest, env, takeSlot: createSlots(4) }
    await runJob(ports, request, { signal: new AbortController().signal, onStep() {} })`
  const outfile = join(jobs.home, 'job.mjs')
  const stdin = { contents, resolveDir: import.meta.dirname, loader: 'ts' } as const
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile })
  return outfile
}
