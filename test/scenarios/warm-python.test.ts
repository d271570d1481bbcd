import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { MLFLOW_ENVIRONMENT } from '#adapters/local/mlflow-server.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { localWarmPython } from '#adapters/local/warm-python.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { ExecutorPorts, JobReport } from '#ml-service/job.ts'
import type { Plan, PlannedStep } from '#ml-service/plan.ts'
import { SHARED_TOOLS } from '../support/shared-tools.ts'
import { CASES, type Case, COLD } from './warm-python-cases.ts'

const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', LANG: 'C.UTF-8' }
const home = mkdtempSync(join(tmpdir(), 'warm-'))
const commands = localCommandRunner()
const environments = uvEnvironments({
  ...{ home: SHARED_TOOLS, env, commands },
  toolchain: toolchain({ home: SHARED_TOOLS, env }),
})
const notes: string[] = []
const warmPython = localWarmPython({
  runtime: join(import.meta.dirname, '../../runtimes/warm-python'),
  onNote: line => notes.push(line),
})
const never = { startup: warmPython.startup, use: async () => undefined, close: async () => {} }

beforeAll(() => environments.prepare(MLFLOW_ENVIRONMENT, {}))
afterAll(async () => {
  await warmPython.close()
  rmSync(home, { recursive: true, force: true })
})

describe('a script that is forked sees and leaves what it would in a process of its own', () => {
  for (const one of CASES) {
    it(one.name, async () => {
      const cold = await observe(one, never)
      const warm = await observe(one, warmPython)
      await vi.waitFor(() => expect(notes).not.toEqual([]))
      expect(notes.filter(note => note.startsWith('cold'))).toEqual([])
      expect({ ...warm, notes: [] }).toEqual(cold)
    })
  }
})

describe('a process of its own', () => {
  for (const one of COLD) {
    it(`is started for ${one.name}`, async () => {
      const cold = await observe(one, never)
      const warm = await observe(one, warmPython)
      expect(warm.notes.filter(note => note.startsWith('warm'))).toEqual([])
      expect({ ...warm, notes: [] }).toEqual(cold)
    })
  }
})

describe('what is drawn by chance', () => {
  it('differs from process to process', async () => {
    const script = 'import random, uuid, numpy\nprint(random.random(), numpy.random.rand(), uuid.uuid4())'
    const random: Case = { name: 'random', files: { 'main.py': script } }
    const outputs = [await observe(random, warmPython), await observe(random, warmPython)].map(one =>
      one.log.split(/\s/),
    )
    expect(outputs[0]!.filter(value => value !== '' && outputs[1]!.includes(value))).toEqual([])
  })
})

describe('forked processes end', () => {
  const sleeper = 'import os, sys, time\nprint("up", flush=True)\ntime.sleep(1000)'
  const daemons = `import os, subprocess, sys, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            subprocess.Popen(["sleep", "324.5"], start_new_session=True)
            time.sleep(1000)
        os._exit(0)
time.sleep(0.2)
`

  it('with a step that leaves daemons', async () => {
    const left = await observe({ name: 'daemons', files: { 'main.py': daemons } }, warmPython)
    expect(left.status).toBe('completed')
    expect(processes('main.py')).toEqual([])
    expect(processes('324.5')).toEqual([])
  })

  it('with a cancel, when they handle SIGTERM and when they don’t', async () => {
    const handler = `import signal, sys\nsignal.signal(15, lambda *_: (print("saved", flush=True), sys.exit(3)))\n`
    const stubborn = `import signal\nsignal.signal(15, signal.SIG_IGN)\n${daemons}`
    for (const script of [handler + sleeper, sleeper, stubborn + sleeper]) {
      const ends = []
      for (const python of [never, warmPython]) {
        const abort = new AbortController()
        const running = observe({ name: 'cancel', files: { 'main.py': script } }, python, abort)
        await vi.waitFor(() => expect(readLog()).toBe('up\n'), 20_000)
        abort.abort()
        ends.push({ ...(await running), notes: [] })
        expect(processes('324.5')).toEqual([])
      }
      expect(ends[1]).toEqual(ends[0])
      expect(ends[1]).toMatchObject({ status: 'cancelled' })
    }
  })

  it('with Millwright, and so do the servers', async () => {
    const code = writeCode({ name: 'killed', files: { 'main.py': `import pandas\n${daemons}${sleeper}` } })
    const file = join(home, 'pipeline.yml')
    writeFileSync(file, pipelineFile(code))
    const started = spawn(
      process.execPath,
      [MILLWRIGHT, 'ml', 'run', '--output-dir', join(home, 'killed'), file],
      {
        env: { ...env, MILLWRIGHT_HOME: millwrightHome(), TMPDIR: home },
        stdio: 'ignore',
      },
    )
    await vi.waitFor(() => expect(processes('324.5')).toHaveLength(5), 60_000)
    const servers = () => processes(home).filter(line => line.includes('placeholder'))
    expect(servers()).not.toEqual([])
    started.kill('SIGKILL')
    await vi.waitFor(() => expect([...processes('324.5'), ...servers()]).toEqual([]), 10_000)
  })

  it('with their client', async () => {
    const script = `python main.py & sleep 0.5; until grep -q up log; do sleep 0.05; done; kill -9 $!; wait $!
while pgrep -f "[t]ime.sleep" > /dev/null; do sleep 0.05; done; echo gone`
    const one: Case = {
      name: 'killed',
      files: { 'main.py': 'import time\nopen("log", "w").write("up")\ntime.sleep(1000)' },
      command: script,
    }
    expect((await observe(one, warmPython)).log).toContain('gone')
  })
})

describe('where commands are isolated by markers', () => {
  it('each script gets a process of its own', async () => {
    const one: Case = { name: 'marker', files: { 'main.py': 'import pandas\nprint(pandas.__name__)' } }
    const marked = { ...ports(warmPython), commands: localCommandRunner({ isolation: 'marker' }) }
    const seen = await observe(one, warmPython, new AbortController(), marked)
    expect(seen.log).toBe('pandas\n')
    expect(seen.notes.filter(note => note.startsWith('warm'))).toEqual([])
  })
})

interface Observation {
  status: string
  exitCode: number | null
  log: string
  files: Record<string, string>
  notes: string[]
}

/** Runs one case as the only step of a job, always in the same folder, and returns all that it left. */
async function observe(
  one: Case,
  warm: ExecutorPorts['warmPython'],
  abort = new AbortController(),
  all = ports(warm),
): Promise<Observation> {
  const folder = join(home, 'job')
  rmSync(folder, { recursive: true, force: true })
  const code = writeCode(one)
  notes.length = 0
  const report = await runJob(
    all,
    { job: 'job', plan: plan(one, code), directory: folder, environments: {} },
    {
      signal: abort.signal,
      onStep: () => {},
    },
  )
  return observation(report, folder)
}

function writeCode({ files }: Case): string {
  const code = join(home, 'code')
  rmSync(code, { recursive: true, force: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(code, name)), { recursive: true })
    writeFileSync(join(code, name), text)
  }
  return code
}

function ports(warmPython: ExecutorPorts['warmPython']): ExecutorPorts {
  return {
    commands,
    environments: {
      ...environments,
      prepare: (_, options) => environments.prepare(MLFLOW_ENVIRONMENT, options),
    },
    tracking: undefined,
    cache: {
      find: async () => undefined,
      store: async () => {},
      ofStep: async () => [],
      trim: async () => {},
    },
    digest: async () => 'sha256:0',
    env,
    resolveData: async () => ({ path: '', digest: '' }),
    takeSlot: createSlots(1),
    ...(warmPython ? { warmPython } : {}),
  }
}

function plan(one: Case, code: string): Plan {
  const step: PlannedStep = {
    ...{ name: 'step', needs: [], spec: '{}', command: one.command ?? 'python main.py', code },
    environment: { kind: 'inline', image: 'python', conda: undefined },
    environmentVariables: one.variables ?? {},
    ...{ inputs: {}, outputs: {}, timeoutSeconds: undefined, deterministic: false },
    place: { file: 'pipeline.yml', line: 1 },
  }
  return {
    ...{ displayName: 'test', experiment: 'tests', inputs: {}, outputs: {}, files: [], warnings: [] },
    steps: [step],
    settings: { continueOnStepFailure: true, forceRerun: true, defaultDatastore: 'workspaceblobstore' },
  }
}

function observation(report: JobReport, folder: string): Observation {
  const [step] = report.steps
  const kept = join(folder, 'steps/step/artifacts/outputs')
  const files = readdirSync(kept, { recursive: true, encoding: 'utf8' }).filter(name =>
    statSync(join(kept, name)).isFile(),
  )
  return {
    status: report.status,
    exitCode: step!.exitCode,
    log: readLog(),
    files: Object.fromEntries(files.map(name => [name, readFileSync(join(kept, name), 'latin1')])),
    notes: [...notes],
  }
}

function readLog(): string {
  return readFileSync(join(home, 'job/steps/step/artifacts/user_logs/std_log.txt'), 'latin1')
}

const MILLWRIGHT = join(import.meta.dirname, '../../bin/millwright.js')

function millwrightHome(): string {
  const folder = join(home, 'millwright')
  mkdirSync(folder)
  for (const name of ['tools', 'environments']) symlinkSync(join(SHARED_TOOLS, name), join(folder, name))
  mkdirSync(join(home, 'mlops'))
  const { python, requirements } = MLFLOW_ENVIRONMENT
  const environment = JSON.stringify({ python, requirements })
  writeFileSync(join(home, 'mlops/millwright.yml'), `environments: { "azureml:e@latest": ${environment} }\n`)
  return folder
}

function pipelineFile(code: string): string {
  const step = { type: 'command', code, command: 'python main.py', environment: 'azureml:e@latest' }
  return JSON.stringify({ type: 'pipeline', jobs: { step } })
}

/** Command lines of processes that were started with this argument. */
function processes(argument: string): string[] {
  const lines = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
  return lines.filter(line =>
    line.split('\0').some(word => word === argument || word.startsWith(`${argument}/`)),
  )
}
