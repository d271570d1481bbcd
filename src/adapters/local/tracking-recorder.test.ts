import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import type { TrackedRun } from '#ports/tracking.ts'
import { inspectedRun, trackingContract } from '../../../test/contracts/tracking.ts'
import { localCommandRunner } from './command-runner.ts'
import { uvEnvironments } from './python-environments.ts'
import { toolchain } from './toolchain.ts'
import { recordingTracking } from './tracking-recorder.ts'

const env = readConfig().inheritedEnv
const folder = mkdtempSync(join(tmpdir(), 'recorder-'))
const tracking = recordingTracking(folder)
afterAll(async () => {
  await tracking.close()
  rmSync(folder, { recursive: true, force: true })
})

trackingContract('recorder', () => ({
  tracking,
  async logMetric(run, metric) {
    const value = Number.isFinite(metric.value) ? metric.value : String(metric.value)
    await call(run, 'POST', 'runs/log-metric', { run_id: run.runId, ...metric, value, timestamp: Date.now() })
  },
  inspect: async run => inspectedRun((await call(run, 'GET', `runs/get?run_id=${run.runId}`)).run),
}))

describe('the recorder', () => {
  it('opens nothing before the first run', async () => {
    const unused = join(folder, 'unused')
    await recordingTracking(unused).close()
    expect(existsSync(unused)).toBe(false)
  })

  it('answers nobody without the token, and says so for what it does not know', async () => {
    const run = await tracking.startRun({ experiment: 'e', name: 'r', tags: {} })
    const response = await fetch(`${run.uri}/api/2.0/mlflow/runs/get?run_id=${run.runId}`)
    expect(response.status).toBe(401)
    await expect(call(run, 'GET', 'traces/get?name=x')).rejects.toThrow('ENDPOINT_NOT_FOUND')
    await expect(call(run, 'GET', 'runs/get?run_id=none')).rejects.toThrow('RESOURCE_DOES_NOT_EXIST')
  })

  it('has the runs of an earlier process', async () => {
    const directory = join(folder, 'kept')
    const first = recordingTracking(directory)
    const run = await first.startRun({ experiment: 'e', name: 'r', tags: {} })
    await call(run, 'POST', 'runs/log-metric', {
      run_id: run.runId,
      key: 'loss',
      value: 'NaN',
      timestamp: 1,
      step: 0,
    })
    await first.endRun(run.runId, 'FINISHED')
    await first.close()
    const second = recordingTracking(directory)
    const child = await second.startRun({ experiment: 'e', name: 'c', parentRunId: run.runId, tags: {} })
    expect(child.experimentId).toBe(run.experimentId)
    expect(await second.metrics(run.runId)).toEqual({ loss: Number.NaN })
    await second.close()
  })
})

describe('the recorder and the real mlflow', () => {
  let python: string
  beforeAll(async () => {
    const home = join(folder, 'home')
    const environments = uvEnvironments({
      home,
      env,
      commands: localCommandRunner(),
      toolchain: toolchain({ home, env }),
    })
    const requirements = ['mlflow-skinny==3.9.0']
    python = join(await environments.prepare({ requirements }, {}), 'bin', 'python')
  }, 240_000)

  it('takes what a training script logs, joins the given run and gives it back', async () => {
    const job = await tracking.startRun({ experiment: 'marking', name: 'job', tags: {} })
    const run = await tracking.startRun({
      experiment: 'marking',
      name: 'train',
      parentRunId: job.runId,
      tags: {},
    })
    const output = await runPython(python, SCRIPT, run)
    expect(output).toContain(`run ${run.runId}`)
    expect(output).toContain('search 1 0.75 history [3.0, 2.0, nan]')
    expect(output).toContain('parent job')
    expect(output).toContain("versions [('2', {}, []), ('1', {'mse': '1'}, ['best'])] best 1")
    expect(await tracking.metrics(job.runId)).toEqual({ f1: 0.75, loss: Number.NaN, inner: 1 })
    await tracking.endRun(run.runId, 'FAILED')
    const kept = JSON.parse(readFileSync(join(folder, 'runs', `${run.runId}.json`), 'utf8'))
    expect(kept).toMatchObject({
      status: 'FAILED',
      params: { depth: '3', rate: '0.1' },
      tags: { colour: 'blue' },
    })
    const artifact = join(folder, 'artifacts', run.experimentId, run.runId, 'reports', 'note.txt')
    expect(readFileSync(artifact, 'utf8')).toBe('hello')
  }, 60_000)
})

const SCRIPT = `
import mlflow, os, pathlib
run_id = os.environ["MLFLOW_RUN_ID"]
pathlib.Path("note.txt").write_text("hello")
with mlflow.start_run() as run:
    print("run", run.info.run_id)
    mlflow.log_metric("f1", 0.75)
    for step, value in enumerate([3, 2, float("nan")]): mlflow.log_metric("loss", value, step=step)
    mlflow.log_params({"depth": 3, "rate": 0.1})
    mlflow.set_tags({"colour": "blue"})
    mlflow.log_artifact("note.txt", artifact_path="reports")
    mlflow.log_dict({"a": 1}, "a.json")
    print("artifacts", [a.path for a in mlflow.MlflowClient().list_artifacts(run.info.run_id)])
    with mlflow.start_run(nested=True, run_name="inner"):
        pass
client = mlflow.MlflowClient()
run = client.get_run(run_id)
found = client.search_runs([run.info.experiment_id], filter_string="metrics.f1 > 0.5 and tags.colour = 'blue'")
history = [m.value for m in client.get_metric_history(run_id, "loss")]
print("search", len(found), found[0].data.metrics["f1"], "history", history)
print("parent", mlflow.get_parent_run(run_id).info.run_name)
client.log_metric(client.get_parent_run(run_id).info.run_id, "inner", 1)
client.create_registered_model("marker")
for _ in range(2): client.create_model_version("marker", source=f"runs:/{run_id}/reports", run_id=run_id)
client.set_model_version_tag("marker", "1", "mse", "1")
client.set_registered_model_alias("marker", "best", "1")
versions = [(v.version, v.tags, v.aliases) for v in client.search_model_versions("name='marker'")]
print("versions", versions, "best", client.get_model_version_by_alias("marker", "best").version)
assert [m.name for m in client.search_registered_models()] == ["marker"]
mlflow.set_experiment("marking")
mlflow.set_experiment_tag("team", "press")
`

async function runPython(python: string, script: string, run: TrackedRun): Promise<string> {
  const cwd = mkdtempSync(join(folder, 'cwd-'))
  const { stdout } = await promisify(execFile)(python, ['-c', script], { cwd, env: { ...env, ...run.env } })
  return stdout
}

interface Answer {
  error_code?: string
  message?: string
  run: Parameters<typeof inspectedRun>[0]
}

async function call(run: TrackedRun, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${run.uri}/api/2.0/mlflow/${path}`, {
    method,
    headers: { authorization: `Bearer ${run.env.MLFLOW_TRACKING_TOKEN}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const document = (await response.json()) as Answer
  if (!response.ok) throw new Error(`${document.error_code}: ${document.message}`)
  return document
}
