import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ComponentVersion } from '#server/documents/ml-component.ts'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import type { PipelineVersion } from '#server/documents/ml-pipeline.ts'
import { audit, leftovers } from '../support/auditor.ts'
import { type ServerProcess, type TestHome, testHome } from '../support/millwright.ts'

let home: TestHome
let server: ServerProcess
let folder: string
let count = 0

beforeAll(async () => {
  home = await testHome()
  server = await home.start()
})
afterAll(() => home?.remove())
beforeEach(async () => {
  folder = join(home.path, `work-${++count}`)
  await mkdir(folder)
})

describe('a pipeline that is published by hand', () => {
  test('has a version per content, and a job of it is what was published', async () => {
    const file = await pipeline({ say: "echo 'first ${{inputs.word}}'" }, { word: 'hello' })
    const first = await home.json<PipelineVersion>('ml', 'pipeline', 'publish', file, '--name', 'talk')
    expect(first).toMatchObject({ name: 'talk', version: 1, file: 'pipeline.yml', files: ['pipeline.yml'] })
    expect(await home.json('ml', 'pipeline', 'publish', file, '--name', 'talk')).toEqual(first)
    await pipeline({ say: "echo 'second ${{inputs.word}}'" }, { word: 'hello' })
    const second = await home.json<PipelineVersion>('ml', 'pipeline', 'publish', file, '--name', 'talk')
    expect(second).toMatchObject({ version: 2 })
    expect(await home.json('ml', 'pipeline', 'show', 'talk')).toEqual(second)
    expect(await home.json('ml', 'pipeline', 'list', 'talk')).toEqual([second, first])

    await submit('talk:1', '--name', 'talk-one', '--wait')
    expect(await log('talk-one', 'say')).toBe('first hello\n')
    await submit('talk@latest', '--name', 'talk-two', '--input', 'word=world', '--wait')
    expect(await log('talk-two', 'say')).toBe('second world\n')
  })

  test('is submitted once per name; another request under a used name is a conflict', async () => {
    const file = await pipeline({ say: "echo '${{inputs.word}}'" }, { word: 'a' })
    const words = ['--file', file, '--name', 'once', '--wait']
    const job = await submit(...words)
    expect(job).toMatchObject({
      status: 'completed',
      model: null,
      registers: null,
      stepCounts: { completed: 1 },
    })
    expect(await submit(...words)).toEqual(job)
    const other = await home.millwright('ml', 'job', 'submit', ...words, '--input', 'word=b')
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("'once' was submitted before")])
    expect(
      (await submit('pipeline', '--name', 'twin', '--input', 'word=a', '--wait')).steps[0],
    ).toMatchObject({
      ...{ reused: true, reusedFrom: 'once' },
    })
    expect(await log('twin', 'say')).toBe('a\n')
  })

  test('is refused before anything is recorded when it could not begin', async () => {
    const file = await pipeline({ say: "echo '${{inputs.word}}'" }, { word: 'a' })
    const refusal = async (...words: string[]) => {
      const { code, stderr } = await home.millwright('ml', 'job', 'submit', ...words, '--name', 'never')
      return `${code} ${stderr}`
    }
    expect(await refusal('--file', file, '--input', 'wrod=b')).toMatch(/^2 .*wrod/)
    expect(await refusal('pipelin')).toMatch(/no published pipeline 'pipelin'.*\n.*did you mean 'pipeline'/)
    expect(await refusal('--file', join(folder, 'none.yml'))).toMatch(/^2 .*none.yml/)
    await writeFile(file, 'type: pipeline\njobs:\n  a: { type: command, comand: x }\n')
    expect(await refusal('--file', file)).toMatch(/^2 .*pipeline.yml:3/)
    expect((await home.millwright('ml', 'job', 'show', 'never')).code).toBe(2)
  })
})

describe('a component of the registry', () => {
  test('is a version that never changes, and a published pipeline keeps what @latest meant', async () => {
    const file = await component('echo version one', 'version: 0.0.2\n')
    const one = await home.json<ComponentVersion>('ml', 'component', 'register', file)
    expect(one).toMatchObject({ name: 'speak', version: '0.0.2', type: 'command', files: 2 })
    expect(await home.json('ml', 'component', 'register', file)).toEqual(one)
    const referring = join(folder, 'uses.yml')
    await writeFile(referring, 'type: pipeline\njobs:\n  talk: { component: "azureml:speak@latest" }\n')
    expect(await home.json('ml', 'lint', referring)).toMatchObject({ valid: true })
    const published = await home.json<PipelineVersion>('ml', 'pipeline', 'publish', referring)
    expect(published.files).toContain('.components/speak/@latest/files/component.yml')

    await component('echo version two', 'version: 0.0.2\n')
    const taken = await home.millwright('ml', 'component', 'register', file)
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('registered with other content')])
    await component('echo version two')
    const automatic = await home.json<ComponentVersion>('ml', 'component', 'register', file)
    expect(automatic.version).toBe('1')
    expect(await home.json('ml', 'component', 'list', 'speak')).toEqual([automatic, one])

    await submit('uses:1', '--name', 'pinned', '--wait')
    expect(await log('pinned', 'talk')).toBe('version one\n')
    const newer = await home.json<PipelineVersion>('ml', 'pipeline', 'publish', referring)
    expect(newer.version).toBe(2)
    await submit('uses', '--name', 'unpinned', '--wait')
    expect(await log('unpinned', 'talk')).toBe('version two\n')
    const here = await home.json<MlJobDocument>('ml', 'run', referring, '--output-dir', join(folder, 'out'))
    expect(readFileSync(here.steps[0]!.log, 'utf8')).toBe('version two\n')
  })

  test('may hold others: they come with it as they were', async () => {
    await home.json('ml', 'component', 'register', await component('echo inner one'), '--name', 'inner')
    const outer = join(folder, 'outer.yml')
    const schema = '$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json\n'
    await writeFile(
      outer,
      `${schema}type: pipeline\nname: outer\njobs:\n  in: { component: "azureml:inner" }\n`,
    )
    await home.json('ml', 'component', 'register', outer)
    await home.json('ml', 'component', 'register', await component('echo inner two'), '--name', 'inner')
    const file = join(folder, 'nested.yml')
    const jobs = '  deep: { component: "azureml:outer:1" }\n  flat: { component: "azureml:inner@latest" }\n'
    await writeFile(file, `type: pipeline\njobs:\n${jobs}`)
    await submit('--file', file, '--name', 'nested', '--wait')
    expect(await log('nested', 'deep.in')).toBe('inner one\n')
    expect(await log('nested', 'flat')).toBe('inner two\n')
  })

  test('is packaged by CI as it is then, and CD publishes and runs that, whatever was registered since', async () => {
    await cp('test/fixtures/tiny', folder, { recursive: true })
    const alpha = join(folder, 'mlops', 'alpha')
    const train = join(alpha, 'train.yml')
    const { version } = await home.json<ComponentVersion>('ml', 'component', 'register', train)
    const file = join(alpha, 'pipeline.yml')
    const own = await readFile(file, 'utf8')
    await writeFile(file, own.replace('./train.yml', 'azureml:train@latest'))
    await rm(train)
    await rm(join(alpha, 'train'), { recursive: true })
    const build = join(folder, 'build')
    const words = ['--model-type', 'alpha', '--build-id', '900001', '--in', build, '--commit', 'c'.repeat(40)]
    await home.json('stage', 'package-artifacts', ...words, '--source', folder)

    await home.json('ml', 'component', 'register', await component('echo other'), '--name', 'train')
    await home.json('stage', 'download-artifacts', ...words)
    await home.json('stage', 'publish-ml-pipeline', ...words)
    const published = await home.json<PipelineVersion>('ml', 'pipeline', 'show', 'alpha')
    const pinned = '.components/train/@latest'
    expect(published.files).toContain(`${pinned}/files/train/train.py`)
    const index = JSON.parse(await readFile(join(build, 'source', pinned, 'component.json'), 'utf8'))
    expect(index).toMatchObject({ name: 'train', version })
    const data = `raw_data=${join(folder, 'data', 'numbers')}`
    const job = await submit('alpha', '--name', 'from-artifact', '--input', data, '--wait')
    expect(job).toMatchObject({ status: 'completed', stepCounts: { completed: 3 } })
  })

  test('that is not there is named', async () => {
    const { stderr } = await home.millwright('ml', 'component', 'show', 'spaek')
    expect(stderr).toMatch(/no component 'spaek'.*\n.*did you mean 'speak'/)
    expect((await home.millwright('ml', 'component', 'show', 'speak:9')).stderr).toContain('1, 0.0.2')
  })
})

describe('a job under way', () => {
  test('is followed, cancelled when its work is gone, and goes on with its next attempt', async () => {
    const gate = join(folder, 'gate')
    const file = await pipeline(
      {
        once: `echo ran >> ${folder}/once`,
        waits: `echo begun; touch ${folder}/begun; until [ -e ${gate} ]; do sleep 0.05; done; echo through`,
      },
      {},
      'is_deterministic: false',
    )
    expect((await submit('--file', file, '--name', 'patient')).status).toMatch(/queued|preparing|running/)
    const following = home.millwright('ml', 'job', 'logs', 'patient', 'waits', '--follow')
    await until(() => existsSync(join(folder, 'begun')) && existsSync(join(folder, 'once')))
    await untilJob('patient', job => job.status === 'running' && job.stepCounts.completed === 1)
    expect(await home.json('ml', 'job', 'list', '--status', 'running')).toMatchObject([{ job: 'patient' }])

    const [one, two] = await Promise.all([cancel('patient'), cancel('patient')])
    expect([one.code, two.code]).toEqual([0, 0])
    expect(leftovers(home, [server.pid])).toEqual([])
    expect(await show('patient')).toMatchObject({ status: 'cancelled', attempts: [{ number: 1 }] })
    expect((await following).stdout).toMatch(/^begun\n/)

    await writeFile(gate, '')
    const retried = await home.json<MlJobDocument>('ml', 'job', 'retry', 'patient', '--wait')
    expect(retried).toMatchObject({
      ...{ status: 'completed', error: null },
      attempts: [{ status: 'cancelled' }, { number: 2, status: 'completed' }],
    })
    expect(await log('patient', 'waits')).toBe('begun\nthrough\n')
    expect(readFileSync(join(folder, 'once'), 'utf8')).toBe('ran\n')
    const late = await cancel('patient')
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('has completed already')])
  })

  test('fails with its step, and a retry runs what has not completed', async () => {
    const file = await pipeline(
      {
        good: `echo ran >> ${folder}/good`,
        bad: `echo tried >> ${folder}/bad; echo why; test -e ${folder}/fixed`,
      },
      {},
      'is_deterministic: false',
    )
    const failed = await home.millwright('ml', 'job', 'submit', '--file', file, '--name', 'mended', '--wait')
    expect(failed.code).toBe(3)
    expect(await log('mended', 'bad')).toBe('why\n')
    await writeFile(join(folder, 'fixed'), '')
    const words = ['ml', 'job', 'retry', 'mended', '--idempotency-key', 'k', '--wait']
    const retried = await home.json<MlJobDocument>(...words)
    expect(retried).toMatchObject({ status: 'completed', attempts: [{ status: 'failed' }, {}] })
    expect(await home.json(...words)).toEqual(retried)
    expect(readFileSync(join(folder, 'good'), 'utf8')).toBe('ran\n')
    expect(readFileSync(join(folder, 'bad'), 'utf8')).toBe('tried\ntried\n')
    const all = await home.millwright('ml', 'job', 'logs', 'mended')
    expect(all.stdout).toContain('── bad\nwhy\n')
    expect((await home.millwright('ml', 'job', 'logs', 'mended', 'bat')).stderr).toContain(
      "did you mean 'bad'?",
    )
  })

  test('goes on after the server was killed, in the same attempt', async () => {
    const file = await pipeline(
      {
        once: `echo ran >> ${folder}/once`,
        waits: `touch ${folder}/begun; until [ -e ${folder}/gate ]; do sleep 0.05; done`,
      },
      {},
      'is_deterministic: false',
    )
    await submit('--file', file, '--name', 'survivor')
    await until(() => existsSync(join(folder, 'begun')))
    await untilJob('survivor', job => job.stepCounts.completed === 1)
    await server.kill('SIGKILL')
    await writeFile(join(folder, 'gate'), '')
    server = await home.start()
    const job = await untilJob('survivor', found => found.endedAt !== null)
    expect(job).toMatchObject({ status: 'completed', attempts: [{ number: 1, status: 'completed' }] })
    expect(readFileSync(join(folder, 'once'), 'utf8')).toBe('ran\n')
    expect(await audit(home)).toEqual([])
    await rm(join(home.path, 'jobs', 'survivor'), { recursive: true })
    expect(await log('survivor', 'once')).toBe('')
  })
})

/** A pipeline of commands side by side that all have the literal inputs. */
async function pipeline(
  commands: Record<string, string>,
  inputs: Record<string, string> = {},
  more = '',
): Promise<string> {
  const own = Object.keys(inputs).map(name => `      ${name}: "\${{parent.inputs.${name}}}"\n`)
  const jobs = Object.entries(commands).map(([name, command]) => {
    const settings = `    type: command\n    environment: { image: none }\n    ${more}\n`
    return `  ${name}:\n${settings}    command: ${JSON.stringify(command)}\n    inputs:\n${own.join('') || '      {}\n'}`
  })
  const given = Object.entries(inputs).map(([name, value]) => `  ${name}: ${value}\n`)
  const file = join(folder, 'pipeline.yml')
  await writeFile(file, `type: pipeline\ninputs:\n${given.join('') || '  {}\n'}jobs:\n${jobs.join('')}`)
  return file
}

/** A command component `speak` with a code folder of one script. */
async function component(script: string, more = ''): Promise<string> {
  await mkdir(join(folder, 'code'), { recursive: true })
  await writeFile(join(folder, 'code', 'run.sh'), `${script}\n`)
  const file = join(folder, 'component.yml')
  const text =
    'type: command\nname: speak\ncode: ./code\nenvironment: { image: none }\ncommand: bash run.sh\n'
  await writeFile(file, text + more)
  return file
}

function submit(...words: string[]): Promise<MlJobDocument> {
  return home.json<MlJobDocument>('ml', 'job', 'submit', ...words)
}

function show(job: string): Promise<MlJobDocument> {
  return home.json<MlJobDocument>('ml', 'job', 'show', job)
}

function cancel(job: string) {
  return home.millwright('ml', 'job', 'cancel', job)
}

async function log(job: string, step: string): Promise<string> {
  return (await home.millwright('ml', 'job', 'logs', job, step)).stdout
}

async function untilJob(job: string, reached: (job: MlJobDocument) => boolean): Promise<MlJobDocument> {
  let latest = await show(job)
  for (
    const deadline = Date.now() + 60_000;
    !reached(latest) && Date.now() < deadline;
    latest = await show(job)
  )
    await sleep(100)
  expect(reached(latest), JSON.stringify(latest)).toBe(true)
  return latest
}

async function until(reached: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !reached() && Date.now() < deadline; ) await sleep(50)
  expect(reached()).toBe(true)
}
