import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { contentDigests } from '#adapters/local/content-digests.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { folderStepCache } from '#adapters/local/step-cache.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { NotFoundError } from '#errors.ts'
import { runJob } from '#ml-service/executor/run-job.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { ExecutorPorts, JobReport, JobRequest, StepReport } from '#ml-service/job.ts'
import type { Plan, PlannedStep, StepInput } from '#ml-service/plan.ts'
import type { Tracking } from '#ports/tracking.ts'

const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' }
const home = mkdtempSync(join(tmpdir(), 'executor-'))
const commands = localCommandRunner()
const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
let count = 0
let folder: string
let cache: string

beforeAll(() => environments.prepare({ requirements: [] }, {}), 60_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))
beforeEach(() => {
  folder = join(home, `job-${++count}`)
  cache = join(home, `cache-${count}`)
})

describe('a job', () => {
  it('passes outputs of one step to the next and reports what each left', async () => {
    const make = step(
      'make',
      'echo world > ${{outputs.file}}; files=$(ls ${{outputs.folder}}); printf "$files" > ${{outputs.folder}}/listing',
      {
        outputs: {
          file: { type: 'uri_file', path: undefined },
          folder: { type: 'uri_folder', path: undefined },
        },
      },
    )
    const show = step('show', 'cat ${{ inputs.from }}; echo "$AZURE_ML_INPUT_from" | sed "s:.*/::"', {
      needs: ['make'],
      inputs: { from: { kind: 'step', step: 'make', output: 'file', type: 'uri_file' } },
    })
    const report = await run({
      steps: [make, show],
      outputs: { kept: { type: 'uri_folder', step: 'make', output: 'folder' } },
    })
    expect(report).toMatchObject({ status: 'completed', error: null, tracking: null })
    expect(logOf(report, 'show')).toBe('world\nfile\n')
    expect(readFileSync(join(report.outputs.kept!, 'listing'), 'utf8')).toBe('')
    expect(report.steps[0]).toMatchObject({ status: 'completed', exitCode: 0, reused: false })
  })

  it('runs independent steps at once, in the order of readiness when slots are few', async () => {
    const barrier = (name: string, other: string) =>
      step(
        name,
        `touch ${home}/${count}-${name}; until [ -e ${home}/${count}-${other} ]; do sleep 0.01; done`,
      )
    const report = await run({ steps: [barrier('a', 'b'), barrier('b', 'a')] })
    expect(report.status).toBe('completed')
    const order = join(home, `order-${count}`)
    const steps = ['x', 'y', 'z'].map(name => step(name, `echo ${name} >> ${order}`))
    await run({ steps }, { takeSlot: createSlots(1) })
    expect(readFileSync(order, 'utf8')).toBe('x\ny\nz\n')
  })

  it('gives a step a fresh copy of its code, without what is ignored', async () => {
    const code = join(home, 'code')
    await mkdir(join(code, 'sub/deep'), { recursive: true })
    for (const file of ['main.py', 'secret.env', 'sub/a.txt', 'sub/deep/b.txt'])
      await writeFile(join(code, file), file)
    await writeFile(join(code, '.gitignore'), '*.env\nsub/deep/\n')
    const report = await run({
      steps: [step('look', 'find . -type f | sort; touch new; chmod +w main.py', { code })],
    })
    expect(logOf(report, 'look')).toBe('./.gitignore\n./main.py\n./sub/a.txt\n')
    expect(readdirSync(code).sort()).toEqual(['.gitignore', 'main.py', 'secret.env', 'sub'])
  })

  it('gives a step its environment: plain python, literals, Azure ML variables, nothing else', async () => {
    const command = 'python -c "import os,sys; print(sys.prefix); print(*sorted(os.environ), sep=chr(10))"'
    const look = step('look', command, {
      inputs: { rate: { kind: 'literal', type: 'number', value: '1e-05' } },
      outputs: { model: { type: 'custom_model', path: undefined } },
      environmentVariables: { MY_OWN: 'x y' },
    })
    const lines = logOf(await run({ steps: [look] }), 'look').split('\n')
    expect(lines[0]).toMatch(/environments\/[0-9a-f]{32}$/)
    expect(lines.slice(1)).toEqual(
      expect.arrayContaining([
        'AZUREML_PARAMETER_rate',
        'AZURE_ML_INPUT_rate',
        'AZURE_ML_OUTPUT_model',
        'AZUREML_RUN_ID',
        'MY_OWN',
        'PATH',
      ]),
    )
    expect(lines.filter(name => /^(VITEST|NODE|MLFLOW|MILLWRIGHT)/.test(name))).toEqual([])
  })

  it('lists folders by name, and not when the step opts out', async () => {
    const script = `import os,pathlib,shutil
for n in 'qzbma': open(n, 'w').close()
print([n for n in os.listdir() if len(n)==1], [e.name for e in os.scandir('.') if len(e.name)==1], [p.name for p in pathlib.Path('.').iterdir() if len(p.name)==1])
with os.scandir('.') as it: print(type(next(it)).__name__)
print(shutil.rmtree.avoids_symlink_attacks, os.listdir.__name__)`
    const sorted = step('sorted', `cat > list.py <<'X'\n${script}\nX\npython list.py`)
    const optedOut = step('own', `python -c 'import os; print(os.listdir.__module__)'`, {
      environmentVariables: { MILLWRIGHT_SORTED_LISTING: '0' },
    })
    const report = await run({ steps: [sorted, optedOut] })
    const names = "['a', 'b', 'm', 'q', 'z']"
    expect(logOf(report, 'sorted')).toBe(`${names} ${names} ${names}\nDirEntry\nTrue listdir\n`)
    expect(logOf(report, 'own')).toBe('posix\n')
  })

  it('offers the artifacts of a step under the reserved output name', async () => {
    const make = step('make', 'echo world > outputs/world.txt; echo said')
    const show = step(
      'show',
      'cat ${{inputs.from}}/outputs/world.txt ${{inputs.from}}/user_logs/std_log.txt',
      {
        needs: ['make'],
        inputs: { from: { kind: 'step', step: 'make', output: 'artifacts', type: 'uri_folder' } },
      },
    )
    const plan = { steps: [make, show] }
    expect(logOf(await run(plan), 'show')).toBe('world\nsaid\n')
    const again = await run(plan, {}, { directory: `${folder}-again`, job: 'again' })
    expect(again.steps.map(found => found.reused)).toEqual([true, true])
  })

  it('puts outputs with a datastore path there, where later steps find them', async () => {
    const path = 'azureml://datastores/${{default_datastore}}/paths/${{name}}/x'
    const make = step('make', 'echo 1 > ${{outputs.data}}/f', {
      outputs: { data: { type: 'uri_folder', path } },
    })
    const source = { kind: 'url', value: 'azureml://datastores/workspaceblobstore/paths/job.make' } as const
    const read = step('read', 'cat ${{inputs.d}}/x/f', {
      needs: ['make'],
      inputs: { d: { kind: 'data', type: 'uri_folder', source } },
    })
    const report = await run({ steps: [make, read] })
    expect(report.steps[0]!.outputs.data).toBe(join(folder, 'datastores/workspaceblobstore/job.make/x'))
    expect(logOf(report, 'read')).toBe('1\n')
  })

  it('works in folders whose names mean something to a shell', async () => {
    const data = join(home, 'my $(touch hacked) data.csv')
    writeFileSync(data, 'a,b\n')
    const directory = join(home, `my job; ${count}`)
    const make = step('make', 'cat ${{inputs.data}} > ${{outputs.out}}/copy', {
      inputs: { data: localData(data, 'uri_file') },
      outputs: { out: { type: 'uri_folder', path: undefined } },
    })
    const report = await run({ steps: [make] }, {}, { directory })
    expect(report.status).toBe('completed')
    expect(readFileSync(join(directory, 'steps/make/outputs/out/copy'), 'utf8')).toBe('a,b\n')
    expect(report.steps[0]!.outputs.out!.startsWith(directory)).toBe(true)
  })
})

describe('a failing job', () => {
  const failing = [
    step('bad', 'exit 3'),
    step('after', 'true', { needs: ['bad'] }),
    step('other', 'sleep 0.3; true'),
  ]

  it('goes on with what does not depend on the failure', async () => {
    const report = await run({ steps: failing })
    expect(statuses(report)).toEqual({ bad: 'failed', after: 'skipped', other: 'completed' })
    expect(report).toMatchObject({ status: 'failed', error: "step 'bad' ended with exit code 3" })
    expect(report.steps[0]!.exitCode).toBe(3)
  })

  it('stops at once when the pipeline says so', async () => {
    const report = await run({ steps: failing, settings: { continueOnStepFailure: false } })
    expect(statuses(report)).toEqual({ bad: 'failed', after: 'skipped', other: 'cancelled' })
  })

  it('ends a step at its time limit', async () => {
    const report = await run({ steps: [step('long', 'sleep 100', { timeoutSeconds: 0.2 })] })
    expect(report.error).toBe("step 'long' was stopped after its limit of 0.2 s")
  })

  it('is refused before anything runs when an environment, a dataset or a file is not known', async () => {
    const unknown = step('a', `touch ${home}/ran`, {
      environment: { kind: 'reference', reference: 'azureml:no@latest' },
    })
    await expect(run({ steps: [step('x', `touch ${home}/ran`), unknown] })).rejects.toMatchObject({
      code: 'unknown-environment',
    })
    const dataset = {
      kind: 'data',
      type: 'uri_folder',
      source: { kind: 'dataset', value: 'azureml:none@latest' },
    } as const
    await expect(
      run({ steps: [step('x', `touch ${home}/ran`, { inputs: { dataset } })] }),
    ).rejects.toMatchObject({ code: 'no-dataset' })
    const path = localData(join(home, 'nowhere'), 'uri_folder')
    await expect(
      run({ steps: [step('x', `touch ${home}/ran`, { inputs: { path } })] }),
    ).rejects.toMatchObject({ code: 'missing-data' })
    expect(existsSync(join(home, 'ran'))).toBe(false)
  })

  it('names an output that a step was expected to leave', async () => {
    const make = step('make', 'true', { outputs: { file: { type: 'uri_file', path: undefined } } })
    const from = { kind: 'step', step: 'make', output: 'file', type: 'uri_file' } as const
    const report = await run({ steps: [make, step('use', 'true', { needs: ['make'], inputs: { from } })] })
    expect(report.error).toBe("step 'make' left no output 'file'")
  })
})

describe('a cancelled job', () => {
  it('ends all processes, also those that left their session', async () => {
    const abort = new AbortController()
    const steps = [
      step('long', `setsid sleep 331.5 & touch ${home}/up-${count}; sleep 331.5`),
      step('after', 'true', { needs: ['long'] }),
    ]
    const running = run({ steps }, {}, {}, { signal: abort.signal })
    await vi.waitFor(() => expect(existsSync(join(home, `up-${count}`))).toBe(true), 5000)
    abort.abort()
    const report = await running
    expect(report.status).toBe('cancelled')
    expect(statuses(report)).toEqual({ long: 'cancelled', after: 'cancelled' })
    expect(sleeping('331.5')).toBe(0)
  })

  it('ends while a step waits for a slot', async () => {
    const takeSlot = createSlots(1)
    const release = await takeSlot(new AbortController().signal)
    const abort = new AbortController()
    const running = run({ steps: [step('waits', 'true')] }, { takeSlot }, {}, { signal: abort.signal })
    setImmediate(() => abort.abort())
    expect((await running).status).toBe('cancelled')
    release()
  })
})

describe('reuse', () => {
  const counting = (more: Partial<PlannedStep> = {}) =>
    step(
      'count',
      `echo x >> ${home}/runs-${count}; cat ${'${{inputs.data}}'} > ${'${{outputs.out}}'}/copy; echo logged`,
      {
        inputs: { data: localData(join(home, `data-${count}`), 'uri_folder') },
        outputs: { out: { type: 'uri_folder', path: undefined } },
        ...more,
      },
    )
  const runs = () => readFileSync(join(home, `runs-${count}`), 'utf8').length / 2
  const again = (steps: PlannedStep[], request: Partial<JobRequest> = {}) =>
    run(
      { steps },
      {},
      { directory: join(home, `again-${count}-${Math.random()}`), job: `again-${count}`, ...request },
    )
  beforeEach(() => writeFileSync(join(home, `data-${count}`), 'one'))

  it('takes the outputs of an identical step, and says from which job', async () => {
    await run({ steps: [counting()] })
    const report = await again([counting()])
    expect(report.steps[0]).toMatchObject({
      status: 'completed',
      reused: true,
      reusedFrom: 'job',
      exitCode: 0,
    })
    expect(readFileSync(join(report.steps[0]!.outputs.out!, 'copy'), 'utf8')).toBe('one')
    expect(logOf(report, 'count')).toBe('logged\n')
    expect(runs()).toBe(1)
    expect(statSync(join(report.steps[0]!.outputs.out!, 'copy')).mode & 0o222).toBe(0)
  })

  it('runs again when command, data, code, environment or variables differ', async () => {
    await run({ steps: [counting()] })
    await again([counting({ command: `${counting().command} ` })])
    await again([counting({ environmentVariables: { A: '1' } })])
    await again([counting({ spec: 'other' })])
    writeFileSync(join(home, `data-${count}`), 'two')
    const report = await again([counting()])
    expect(report.steps[0]!.reused).toBe(false)
    expect(runs()).toBe(5)
  })

  it('never reuses what is not deterministic or forced', async () => {
    await run({ steps: [counting({ deterministic: false })] })
    await again([counting({ deterministic: false })])
    await again([counting()])
    await again([counting()], { forceRerun: true })
    expect(runs()).toBe(4)
  })

  it('does not reuse a failed step, nor an entry that was changed', async () => {
    await run({ steps: [counting({ command: `${counting().command}; exit 1` })] })
    await again([counting({ command: `${counting().command}; exit 1` })])
    const { steps } = await again([counting()])
    const copy = join(steps[0]!.outputs.out!, 'copy')
    await chmod(copy, 0o644)
    writeFileSync(copy, 'forged')
    const report = await again([counting()])
    expect(report.steps[0]!.reused).toBe(false)
    expect(readFileSync(join(report.steps[0]!.outputs.out!, 'copy'), 'utf8')).toBe('one')
    expect(runs()).toBe(4)
  })

  it('goes on below a changed step as soon as contents are the same again', async () => {
    const from = { kind: 'step', step: 'make', output: 'o', type: 'uri_folder' } as const
    const outputs = { o: { type: 'uri_folder', path: undefined } } as const
    const graph = (command: string) => [
      step('make', command, { outputs }),
      step('use', 'cat ${{inputs.from}}/f', { needs: ['make'], inputs: { from } }),
    ]
    await run({ steps: graph('echo same > ${{outputs.o}}/f') })
    const report = await again(graph('printf "same\\n" > ${{outputs.o}}/f'))
    expect(report.steps.map(found => found.reused)).toEqual([false, true])
  })

  it('keeps key parts for later explanations', async () => {
    await run({ steps: [counting()] })
    const record = JSON.parse(readFileSync(join(folder, 'steps/count/record.json'), 'utf8'))
    expect(Object.keys(record.parts)).toEqual([
      'spec',
      'command',
      'code',
      'environment',
      'input.data',
      'output.out',
    ])
    expect(record).toMatchObject({ job: 'job', report: { status: 'completed' } })
  })
})

describe('a second call on the same folder', () => {
  it('goes on from the last finished step', async () => {
    const flag = join(home, `fixed-${count}`)
    const outputs = { o: { type: 'uri_folder', path: undefined } } as const
    const from = { kind: 'step', step: 'first', output: 'o', type: 'uri_folder' } as const
    const steps = [
      step('first', `echo x >> ${home}/first-${count}; echo 1 > ${'${{outputs.o}}'}/f`, {
        outputs,
        deterministic: false,
      }),
      step(
        'second',
        `ls ${'${{outputs.o}}'}; touch ${'${{outputs.o}}'}/half; test -e ${flag} && cat ${'${{inputs.from}}'}/f`,
        {
          needs: ['first'],
          inputs: { from },
          outputs,
        },
      ),
    ]
    expect((await run({ steps }, {}, { forceRerun: true })).status).toBe('failed')
    writeFileSync(flag, '')
    const report = await run({ steps }, {}, { forceRerun: true })
    expect(report.status).toBe('completed')
    expect(logOf(report, 'second')).toBe('1\n')
    expect(readFileSync(join(home, `first-${count}`), 'utf8')).toBe('x\n')
    expect(await run({ steps }, {}, { forceRerun: true })).toMatchObject({ steps: report.steps })
  })

  it('runs a step again whose outputs were damaged', async () => {
    const make = step('make', 'echo 1 > ${{outputs.o}}/f', {
      outputs: { o: { type: 'uri_folder', path: undefined } },
    })
    const report = await run({ steps: [make] })
    rmSync(join(report.steps[0]!.outputs.o!, 'f'))
    await run({ steps: [make] })
    expect(readFileSync(join(report.steps[0]!.outputs.o!, 'f'), 'utf8')).toBe('1\n')
  })

  it('goes on after the process was killed in the middle of a step, and nothing of it was left', async () => {
    const program = await jobProgram()
    const outputs = { o: { type: 'uri_folder', path: undefined } } as const
    const steps = [
      step('first', `echo x >> ${home}/first-${count}`),
      step(
        'second',
        `ls ${'${{outputs.o}}'}; touch ${'${{outputs.o}}'}/half; setsid sleep 332.5 & test -e ${home}/go-${count} || sleep 332.5`,
        { needs: ['first'], outputs },
      ),
    ]
    const request = { job: 'job', plan: plan({ steps }), directory: folder, environments: {} }
    const child = spawn(process.execPath, [program, JSON.stringify(request), home, cache], {
      env,
      stdio: 'ignore',
    })
    await vi.waitFor(() => expect(sleeping('332.5')).toBe(2), 10_000)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(sleeping('332.5')).toBe(0), 5000)
    writeFileSync(join(home, `go-${count}`), '')
    const report = await run({ steps })
    expect(report.status).toBe('completed')
    expect(logOf(report, 'second')).toBe('')
    expect(readFileSync(join(home, `first-${count}`), 'utf8')).toBe('x\n')
  })
})

describe('tracking', () => {
  const recorded = () => {
    const calls: string[] = []
    const tracking: Tracking = {
      async startRun({ name, parentRunId }) {
        calls.push(`start ${name} under ${parentRunId ?? 'nothing'}`)
        const runId = `${name}-run`
        return { runId, experimentId: '1', uri: 'http://tracking', env: { MLFLOW_RUN_ID: runId } }
      },
      endRun: async (runId, status) => void calls.push(`end ${runId} ${status}`),
      metrics: async () => ({}),
      history: async () => [],
      log: async () => {},
    }
    return { calls, tracking }
  }

  it('gives every step that runs a run under the job, and the executor has the last word', async () => {
    const { calls, tracking } = recorded()
    const steps = [step('good', ': mlflow; echo $MLFLOW_RUN_ID'), step('bad', 'exit 1', { needs: ['good'] })]
    const report = await run({ steps }, { tracking })
    expect(report.tracking).toEqual({ uri: 'http://tracking', experiment: 'tests', runId: 'job-run' })
    expect(logOf(report, 'good')).toBe('good-run\n')
    expect(calls.sort()).toEqual([
      'end bad-run FAILED',
      'end good-run FINISHED',
      'end job-run FAILED',
      'start bad under job-run',
      'start good under job-run',
      'start job under nothing',
    ])
  })

  it('has no run when every step was reused', async () => {
    const { calls, tracking } = recorded()
    await run({ steps: [step('one', 'true')] })
    const request = { directory: `${folder}-again`, job: 'again' }
    const report = await run({ steps: [step('one', 'true')] }, { tracking }, request)
    expect(report.tracking).toBeNull()
    expect(calls).toEqual([])
  })

  it('is waited for only by a step that can log', async () => {
    const { tracking } = recorded()
    let answer = () => {}
    const ready = new Promise<void>(resolve => {
      answer = resolve
    })
    const slow: Tracking = { ...tracking, startRun: given => ready.then(() => tracking.startRun(given)) }
    const steps = [step('plain', 'true'), step('after', 'true', { needs: ['plain'] })]
    const onStep = (report: StepReport) =>
      report.name === 'after' && report.status === 'completed' && answer()
    const report = await run({ steps }, { tracking: slow }, {}, { onStep: found => void onStep(found) })
    expect(report).toMatchObject({ status: 'completed', tracking: { runId: 'job-run' } })
  })
})

describe('datasets', () => {
  it('are pinned for the whole job and reported by pipeline input', async () => {
    let version = 0
    const resolveData: ExecutorPorts['resolveData'] = async () => {
      version++
      return { path: home, digest: `sha256:${version}`, identity: `d:${version}:abc` }
    }
    const data = {
      kind: 'data',
      type: 'uri_folder',
      source: { kind: 'dataset', value: 'azureml:d@latest' },
    } as const
    const use = step('use', 'test -d ${{inputs.x}}; exit 1', { inputs: { x: data } })
    await run({ steps: [use], inputs: { raw: data } }, { resolveData })
    const report = await run({ steps: [use], inputs: { raw: data } }, { resolveData })
    expect(report.datasets).toEqual({ raw: 'd:1:abc' })
  })

  it('mean one version in a job, be it read as a file or as a folder', async () => {
    const asked: string[] = []
    const resolveData: ExecutorPorts['resolveData'] = async ({ value, type }) => {
      asked.push(`${value} ${type}`)
      return { path: home, digest: 'sha256:1', identity: 'd:7:sha256:1' }
    }
    const read = (type: 'uri_file' | 'uri_folder'): StepInput => ({
      ...{ kind: 'data', type, source: { kind: 'dataset', value: 'azureml:d@latest' } },
    })
    const use = step('use', 'true', { inputs: { x: read('uri_folder'), y: read('uri_file') } })
    expect((await run({ steps: [use] }, { resolveData })).status).toBe('completed')
    expect(asked).toEqual(['azureml:d@latest uri_folder', 'azureml:d:7 uri_file'])
  })

  it('are named by outputs, and asked for once the job has completed', async () => {
    const outputs = { data: { type: 'uri_folder', path: undefined, name: 'prepared', version: '3' } } as const
    const make = (command: string) => step('make', command, { outputs })
    const report = await run({ steps: [make('echo 1 > ${{outputs.data}}/x.csv')] })
    expect(report.assets).toEqual([
      { output: 'make.data', name: 'prepared', version: 3, path: report.steps[0]!.outputs.data },
    ])
    expect((await run({ steps: [make('exit 1')] })).assets).toEqual([])
    const odd = step('make', 'true', { outputs: { data: { ...outputs.data, version: 'v1' } } })
    await expect(run({ steps: [odd] })).rejects.toMatchObject({ code: 'bad-version' })
  })
})

describe('datastores', () => {
  const stored = (path: string, type: 'uri_file' | 'uri_folder' = 'uri_folder'): StepInput => ({
    ...{ kind: 'data', type, source: { kind: 'url', value: `azureml://datastores/store/paths/${path}` } },
  })
  const output = (path: string, type: 'uri_file' | 'uri_folder' = 'uri_folder') => ({
    data: { type, path: `azureml://datastores/store/paths/${path}` },
  })
  let store: string
  const datastores = (publish = true) => ({ datastores: { at: () => store, publish } })
  beforeEach(async () => {
    store = join(home, `store-${count}`)
    await mkdir(join(store, 'raw'), { recursive: true })
    await writeFile(join(store, 'raw/old.csv'), 'old')
  })

  it('are read when a step begins; a folder that is not there yet is empty', async () => {
    const steps = [
      step('write', `mkdir -p ${store}/late; echo here > ${store}/late/x`),
      step('read', 'cat ${{inputs.a}}/x ${{inputs.b}}/old.csv; ls ${{inputs.c}} | wc -l', {
        needs: ['write'],
        inputs: { a: stored('late'), b: stored('raw'), c: stored('nothing/there') },
      }),
    ]
    const report = await run({ steps }, {}, datastores())
    expect(logOf(report, 'read').split(/\s+/)).toEqual(['here', 'old0', ''])
    const absent = step('absent', 'true', { inputs: { a: stored('no.csv', 'uri_file') } })
    const failed = await run({ steps: [absent] }, {}, { ...datastores(), job: 'absent' })
    expect(failed.error).toBe('there is nothing at azureml://datastores/store/paths/no.csv')
  })

  it('get what a step leaves under a path of its own: file by file, as copies, again when it is reused', async () => {
    const aside = join(home, `aside-${count}`)
    await mkdir(aside)
    await writeFile(join(aside, 'mine.txt'), 'not the output itself')
    const make = step(
      'make',
      `echo new > \${{outputs.data}}/new.csv; ln -s ${aside} \${{outputs.data}}/link`,
      {
        outputs: output('raw'),
      },
    )
    const report = await run({ steps: [make] }, {}, datastores())
    expect(readdirSync(join(store, 'raw')).sort()).toEqual(['new.csv', 'old.csv'])
    writeFileSync(join(store, 'raw/new.csv'), 'changed by somebody')
    expect(readFileSync(join(report.steps[0]!.outputs.data!, 'new.csv'), 'utf8')).toBe('new\n')
    const again = await run({ steps: [make] }, {}, { ...datastores(), job: 'again' })
    expect(again.steps[0]!.reused).toBe(true)
    expect(readFileSync(join(store, 'raw/new.csv'), 'utf8')).toBe('new\n')
    expect(statSync(join(aside, 'mine.txt'))).toMatchObject({ nlink: 1, mode: expect.toSatisfy(writable) })
  })

  it('get nothing from a step that fails, nor from a run that publishes nothing; later steps read it all the same', async () => {
    const make = (command: string) => step('make', command, { outputs: output('out/x.csv', 'uri_file') })
    const read = step('read', 'cat ${{inputs.a}}', {
      ...{ needs: ['make'], inputs: { a: stored('out/x.csv', 'uri_file') } },
    })
    await run({ steps: [make('echo 1 > ${{outputs.data}}; exit 1')] }, {}, datastores())
    const report = await run({ steps: [make('echo 2 > ${{outputs.data}}'), read] }, {}, datastores(false))
    expect(logOf(report, 'read')).toBe('2\n')
    expect(existsSync(join(store, 'out'))).toBe(false)
  })

  it('on the network are read as what they are there', async () => {
    const asked: unknown[] = []
    const resolveData: ExecutorPorts['resolveData'] = async (source, { trusted }) => {
      asked.push({ ...source, trusted })
      return { path: home, digest: 'sha256:1' }
    }
    const at = () => 'https://acct.blob.core.windows.net/c/'
    const read = step('read', 'test -d ${{inputs.a}}', { inputs: { a: stored('x/y') } })
    await run({ steps: [read] }, { resolveData }, { datastores: { at, publish: true }, trusted: false })
    const value = 'https://acct.blob.core.windows.net/c/x/y'
    expect(asked).toEqual([{ kind: 'url', value, type: 'uri_folder', trusted: false }])
  })
})

function writable(mode: number): boolean {
  return (mode & 0o200) !== 0
}

function step(name: string, command: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    name,
    needs: [],
    spec: '{}',
    command,
    code: undefined,
    environment: { kind: 'inline', image: 'python', conda: undefined },
    environmentVariables: {},
    inputs: {},
    outputs: {},
    timeoutSeconds: undefined,
    deterministic: true,
    place: { file: 'pipeline.yml', line: 1 },
    ...more,
  }
}

function localData(value: string, type: 'uri_file' | 'uri_folder'): StepInput {
  return { kind: 'data', type, source: { kind: 'path', value } }
}

type Parts = Partial<Omit<Plan, 'settings'>> & { steps: PlannedStep[]; settings?: Partial<Plan['settings']> }

function plan({ settings, ...more }: Parts): Plan {
  return {
    displayName: 'test',
    experiment: 'tests',
    settings: {
      continueOnStepFailure: true,
      forceRerun: false,
      defaultDatastore: 'workspaceblobstore',
      ...settings,
    },
    inputs: {},
    outputs: {},
    files: [],
    warnings: [],
    ...more,
  }
}

async function run(
  parts: Parts,
  ports: Partial<ExecutorPorts> = {},
  request: Partial<JobRequest> = {},
  options: { signal?: AbortSignal; onStep?: (report: StepReport) => void } = {},
): Promise<JobReport> {
  const all: ExecutorPorts = {
    commands,
    environments,
    tracking: undefined,
    cache: folderStepCache(cache),
    digest: contentDigests(join(home, 'digests')),
    env,
    resolveData: async ({ value }) => {
      throw new NotFoundError('no-dataset', `no ${value}`)
    },
    takeSlot: createSlots(4),
    ...ports,
  }
  const whole = { job: 'job', plan: plan(parts), directory: folder, environments: {}, ...request }
  return runJob(all, whole, { signal: new AbortController().signal, onStep: () => {}, ...options })
}

function statuses(report: JobReport): Record<string, string> {
  return Object.fromEntries(report.steps.map(found => [found.name, found.status]))
}

function logOf(report: JobReport, name: string): string {
  return readFileSync(report.steps.find(found => found.name === name)!.log, 'utf8')
}

function sleeping(seconds: string): number {
  const lines = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
  return lines.filter(line => line === `sleep\0${seconds}\0`).length
}

async function jobProgram(): Promise<string> {
  const contents = `
    import { localCommandRunner } from '#adapters/local/command-runner.ts'
    import { contentDigests } from '#adapters/local/content-digests.ts'
    import { uvEnvironments } from '#adapters/local/python-environments.ts'
    import { folderStepCache } from '#adapters/local/step-cache.ts'
    import { toolchain } from '#adapters/local/toolchain.ts'
    import { runJob } from '#ml-service/executor/run-job.ts'
    import { createSlots } from '#ml-service/executor/slots.ts'
    const [request, home, cache] = process.argv.slice(2)
    const env = { PATH: process.env.PATH, HOME: process.env.HOME }
    const commands = localCommandRunner()
    const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
    const ports = { commands, environments, cache: folderStepCache(cache), digest: contentDigests(home + '/digests'), env, takeSlot: createSlots(2) }
    await runJob(ports, JSON.parse(request), { signal: new AbortController().signal, onStep() {} })`
  const outfile = join(home, 'job.mjs')
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  })
  return outfile
}
