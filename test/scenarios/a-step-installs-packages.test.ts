import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { contentDigests } from '#adapters/local/content-digests.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { folderStepCache } from '#adapters/local/step-cache.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { readConfig } from '#config.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { EnvironmentMap, ExecutorPorts, JobReport, StepReport } from '#ml-service/job.ts'
import type { Plan, PlannedStep } from '#ml-service/plan.ts'

const env = readConfig().inheritedEnv
const home = mkdtempSync(join(tmpdir(), 'installs-'))
const commands = localCommandRunner()
const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
const SHARED = { requirements: ['iniconfig==1.1.1', 'pyjokes==0.8.3'] }
const MAP: EnvironmentMap = { 'azureml:shared@latest': SHARED }
let shared: string
let jobs = 0

beforeAll(async () => {
  shared = await environments.prepare(SHARED, {})
  localPackage('own', '1.0', 'WHO = "own 1.0"\ndef main(): print("own at work")\n')
}, 120_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('a step that installs packages', () => {
  it('with pip has them, shadows those of its environment, and changes nothing for others', async () => {
    const command = [
      `pip install --no-index --no-build-isolation --quiet ${join(home, 'own-1.0')}`,
      'pip install --quiet iniconfig==2.0.0',
      'own-tool',
      `python -c 'import own, iniconfig, pyjokes, importlib.metadata as m; print(own.WHO, m.version("iniconfig"))'`,
      'pyjoke --help | head -1',
      'pip list --format=freeze | grep -E "^(own|iniconfig|pyjokes)=="',
      'command -v pip pyjoke python | sed "s:.*/steps/::"',
    ].join(' && ')
    const before = snapshot()
    const { report, logs } = await run([step('install', command), step('plain', PLAIN)])
    expect(logs.install).toContain('own at work\nown 1.0 2.0.0\nusage: pyjoke')
    expect(logs.install).toContain('iniconfig==2.0.0\nown==1.0\npyjokes==0.8.3\n')
    expect(logs.install).toContain(
      'install/python/bin/pip\ninstall/python/bin/pyjoke\ninstall/python/bin/python\n',
    )
    expect(logs.plain).toBe('1.1.1 False False\n')
    expect(snapshot()).toEqual(before)
    expect(report.status).toBe('completed')
    expect(existsSync(join(report.directory, 'steps/install/python'))).toBe(false)
  }, 180_000)

  it('cannot take packages away from its environment', async () => {
    const before = snapshot()
    const command = 'pip uninstall -y pyjokes; python -c "import pyjokes; print(1)"'
    const { report, logs } = await run([step('remove', command)])
    expect(report.status).toBe('completed')
    expect(logs.remove).toMatch(/Not uninstalling pyjokes[\s\S]*1\n$/)
    expect(snapshot()).toEqual(before)
  }, 180_000)

  it('in its code, by python -m pip, works too', async () => {
    const code = join(home, 'code')
    mkdirSync(code, { recursive: true })
    writeFileSync(
      join(code, 'main.py'),
      `import subprocess, sys
subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--no-index', '--no-build-isolation', ${JSON.stringify(join(home, 'own-1.0'))}], check=True)
import own
print(own.WHO)
`,
    )
    const { logs } = await run([{ ...step('script', 'python main.py'), code }, step('plain', PLAIN)])
    expect(logs.script).toMatch(/own 1\.0\n$/)
    expect(logs.plain).toBe('1.1.1 False False\n')
  }, 180_000)

  it('of another Python has pip for that one', async () => {
    const minor = ['3.8', '3.9', '3.10'].find(found => existsSync(pyenv(found)))
    if (minor === undefined) return
    const conda = JSON.stringify({ dependencies: [`python=${minor}`, { pip: ['six==1.17.0'] }] })
    const command = `pip install -q --no-index --no-build-isolation ${join(home, 'own-1.0')} && python -c 'import sys, six, own; print("%d.%d" % sys.version_info[:2], own.WHO)'`
    const inline = {
      ...step('old', command),
      environment: { kind: 'inline', image: undefined, conda } as const,
    }
    const { logs } = await run([inline])
    expect(logs.old).toContain(`${minor} own 1.0\n`)
  }, 180_000)
})

describe('an environment that cannot be made', () => {
  it('fails its steps at "prepare environment" with the resolver’s words, and is tried anew by the next job', async () => {
    const map = { 'azureml:shared@latest': { requirements: ['iniconfig==2.0.0', 'iniconfig==1.1.1'] } }
    const { report, logs, heard } = await run([step('train', 'true')], map)
    const [train] = report.steps
    expect(train).toMatchObject({ status: 'failed', exitCode: null })
    expect(train!.error).toMatch(
      /^prepare environment: environment shared can't be made for Python 3\.\d+: [^\n]*unsatisfiable[^\n]*mend the requirements/,
    )
    expect(logs.train).toMatch(/iniconfig/)
    expect(heard.some(line => /^environment shared: resolving 2 requirements$/.test(line))).toBe(true)
    const mended = { 'azureml:shared@latest': { requirements: ['iniconfig==2.0.0'] } }
    expect((await run([step('train', 'python -c "import iniconfig"')], mended)).report.status).toBe(
      'completed',
    )
  }, 180_000)

  it('because it is cancelled leaves nothing behind', async () => {
    const stop = new AbortController()
    const map = { 'azureml:shared@latest': { requirements: ['iniconfig==2.0.0', 'six==1.17.0'] } }
    const { report } = await run([step('train', 'true')], map, { stop, when: /resolving/ })
    expect(report).toMatchObject({ status: 'cancelled', steps: [{ status: 'cancelled' }] })
  }, 180_000)
})

describe('an older Python', () => {
  it('lists folders sorted, by pathlib too', async () => {
    const minors = ['3.8', '3.9', '3.10'].filter(found => existsSync(pyenv(found)))
    const script =
      'import os, pathlib; p = pathlib.Path("."); print([x.name for x in p.glob("*/*")], sorted(os.listdir()) == os.listdir(), [x.name for x in p.rglob("?")])'
    const steps = minors.map(minor => ({
      ...step(`py${minor}`, `mkdir d; touch d/c d/a d/b; python -c '${script}'`),
      environment: { kind: 'inline', image: `python:${minor}`, conda: undefined } as const,
    }))
    const { logs } = await run(steps)
    for (const log of Object.values(logs)) expect(log).toBe("['a', 'b', 'c'] True ['d', 'a', 'b', 'c']\n")
  }, 120_000)
})

describe('what an environment sets', () => {
  it('is in the environment of its steps, and the step’s own variables win', async () => {
    const map = {
      'azureml:shared@latest': { requirements: [], variables: { KEPT: 'from-image', OWN: 'image' } },
    }
    const show = { ...step('show', 'echo $KEPT $OWN'), environmentVariables: { OWN: 'step' } }
    expect((await run([show], map)).logs.show).toBe('from-image step\n')
  }, 60_000)
})

const PLAIN =
  'python -c \'import importlib.util as u, importlib.metadata as m; print(m.version("iniconfig"), bool(u.find_spec("own")), bool(u.find_spec("p" + "ip")))\''

function step(name: string, command: string): PlannedStep {
  return {
    name,
    command,
    needs: [],
    spec: name,
    code: undefined,
    environment: { kind: 'reference', reference: 'azureml:shared@latest' },
    environmentVariables: {},
    inputs: {},
    outputs: {},
    timeoutSeconds: undefined,
    deterministic: false,
    place: { file: 'pipeline.yml', line: 1 },
  }
}

async function run(
  steps: PlannedStep[],
  map = MAP,
  cancel?: { stop: AbortController; when: RegExp },
): Promise<{ report: JobReport & { directory: string }; logs: Record<string, string>; heard: string[] }> {
  const directory = join(home, `job-${++jobs}`)
  const digest = contentDigests(join(home, 'digests'))
  const ports: ExecutorPorts = {
    commands,
    tracking: undefined,
    environments,
    cache: folderStepCache(join(home, 'cache'), digest),
    digest,
    env,
    resolveData: async () => Promise.reject(new Error('no data here')),
    takeSlot: createSlots(2),
  }
  const plan: Plan = {
    displayName: 'p',
    experiment: 'Default',
    settings: { continueOnStepFailure: true, forceRerun: false, defaultDatastore: 'workspaceblobstore' },
    inputs: {},
    steps,
    outputs: {},
    files: [],
    warnings: [],
  }
  const heard: string[] = []
  const onStep = ({ progress = '' }: StepReport) => {
    heard.push(progress)
    if (cancel?.when.test(progress)) cancel.stop.abort()
  }
  const signal = cancel?.stop.signal ?? new AbortController().signal
  const job = { job: `job-${jobs}`, plan, directory, environments: map }
  const report = await runJob(ports, job, { signal, onStep })
  const logs = report.steps.map(({ name, log }) => [name, existsSync(log) ? readFileSync(log, 'utf8') : ''])
  return { report: { ...report, directory }, logs: Object.fromEntries(logs), heard }
}

/** What lies in the shared environment, but for what Python compiles. */
function snapshot(): string[] {
  const listing = execFileSync('find', ['-L', shared, '-not', '-path', '*__pycache__*'], { encoding: 'utf8' })
  return listing.split('\n').sort()
}

/** A source distribution that setuptools builds. */
function localPackage(name: string, version: string, code: string): void {
  const folder = join(home, `${name}-${version}`)
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, '__init__.py'), code)
  writeFileSync(
    join(folder, 'setup.py'),
    `from setuptools import setup
setup(name=${JSON.stringify(name)}, version=${JSON.stringify(version)}, packages=[${JSON.stringify(name)}],
      entry_points={'console_scripts': ['${name}-tool=${name}:main']})
`,
  )
}

function pyenv(minor: string): string {
  const version = { '3.8': '3.8.18', '3.9': '3.9.18', '3.10': '3.10.13' }[minor]
  return join(env.HOME ?? '/', '.pyenv/versions', version ?? minor, 'bin/python3')
}
