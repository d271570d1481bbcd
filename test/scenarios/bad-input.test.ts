import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DatasetDocument } from '#server/documents/dataset.ts'
import type { ModelTypeDocument } from '#server/documents/model-type.ts'
import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import type { RunDocument } from '#server/documents/run.ts'
import {
  type Answer,
  allEnded,
  importTiny,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

const CANARY = 'canary'
const HOSTILE_NAMES = ['a b', '..', '../../x', 'a"b', "a'b", `$(touch ${CANARY})`, '-x', 'a/b', 'a\nb', '']

let home: TestHome
let clone: string

beforeAll(async () => {
  home = await testHome()
  await home.start()
  clone = await importTiny(home)
  await untilRuns(home, allEnded('cd', 2))
})
afterAll(() => home?.remove())

describe('a repository that can not be used is refused by `repo add`', () => {
  test.each<[string, Record<string, (text: string) => string>, string, string]>([
    [
      'an unknown key in model.yml',
      { 'mlops/alpha/model.yml': text => text.replace('sample:', 'sampel:') },
      'mlops/alpha/model.yml:3:1:sampel: error: unknown key "sampel"',
      'Did you mean `sample`?',
    ],
    [
      'an entry of the wrong type in model.yml',
      {
        'mlops/alpha/model.yml': text =>
          text.replace('test: python -m unittest discover -s tests', 'test: [1]'),
      },
      'mlops/alpha/model.yml:2:54:checks.test: error: `checks.test` must be text, but is a list',
      'Write text here.',
    ],
    [
      'a pipeline file that is missing',
      { 'mlops/alpha/model.yml': text => `${text}pipeline: nothere.yml\n` },
      "mlops/alpha/model.yml:11:1:pipeline: error: `pipeline` names a file that doesn't exist: mlops/alpha/nothere.yml",
      'Add mlops/alpha/nothere.yml to the repository',
    ],
    [
      'text that is not YAML',
      { 'mlops/alpha/model.yml': text => text.replace('name: alpha', 'name: [alpha') },
      'mlops/alpha/model.yml:',
      'Mend the text at this place.',
    ],
    [
      'two model types with one name',
      { 'mlops/beta/model.yml': text => text.replace('name: beta', 'name: alpha') },
      'mlops/beta/model.yml:name: error: 2 model types are called `alpha`: mlops/alpha/model.yml and mlops/beta/model.yml',
      'Give each its own `name`.',
    ],
    [
      'an unknown key in millwright.yml',
      { 'mlops/millwright.yml': text => `${text}registri: x\n` },
      'mlops/millwright.yml:3:1:registri: error: unknown key "registri"',
      'Did you mean `registry`?',
    ],
  ])('for %s', async (what, changes, message, hint) => {
    const folder = await brokenCopy(what, async copy => {
      for (const [file, change] of Object.entries(changes)) await edit(copy, file, change)
    })
    refused(await home.millwright('repo', 'add', folder), message, hint)
  })

  test.each(HOSTILE_NAMES)('for a model type that is called %j', async name => {
    const folder = await brokenCopy(`name-${HOSTILE_NAMES.indexOf(name)}`, async copy =>
      edit(copy, 'mlops/alpha/model.yml', text =>
        text.replace('name: alpha', `name: ${JSON.stringify(name)}`),
      ),
    )
    refused(
      await home.millwright('repo', 'add', folder),
      'mlops/alpha/model.yml:1:1:name: error: `name` ',
      '',
    )
  })

  test('for a folder with a hostile name', async () => {
    const folder = await brokenCopy('folder-name', copy =>
      cp(join(copy, 'mlops/alpha'), join(copy, `mlops/$(touch ${CANARY})`), { recursive: true }),
    )
    const message = `mlops/$(touch ${CANARY})/model.yml:name: error: the folder`
    refused(await home.millwright('repo', 'add', folder), message, 'Rename the folder.')
  })

  test('for a repository without mlops/', async () => {
    const folder = await brokenCopy('no-mlops', async copy => {
      await rm(join(copy, 'mlops'), { recursive: true })
      await writeFile(join(copy, 'README.md'), 'nothing here\n')
    })
    const message = 'mlops: error: the repository has no folder `mlops/`'
    refused(
      await home.millwright('repo', 'add', folder),
      message,
      'Each model type is a folder mlops/<name>/',
    )
  })

  test('for a source that is not there, and for a hostile name of its own', async () => {
    refused(
      await home.millwright('repo', 'add', join(home.path, 'nothere')),
      'error: there is no folder',
      'Give',
    )
    const source = join(home.path, 'tiny')
    for (const name of HOSTILE_NAMES) {
      const answer = await home.millwright('repo', 'add', source, `--name=${name}`)
      refused(answer, "can't be a", name === '..' ? '' : 'letters, digits')
    }
  })

  test('and leaves nothing behind, so that the mended one is taken', async () => {
    const folder = join(home.path, 'broken/an-unknown-key-in-model.yml')
    expect(await home.json('repo', 'list')).toMatchObject([{ name: 'tiny' }])
    const left = readdirSync(join(home.path, 'repositories'))
    expect(left.filter(name => name !== 'git-settings')).toEqual(['tiny.git'])
    await rm(join(folder, 'mlops/beta'), { recursive: true })
    await edit(folder, 'mlops/alpha/model.yml', text =>
      text.replace('sampel:', 'sample:').replace('name: alpha', 'name: gamma'),
    )
    await home.git(folder, 'commit', '-q', '-a', '-m', 'mended')
    await home.json('repo', 'add', folder, '--name', 'mended')
    const types = await home.json<ModelTypeDocument[]>('model-type', 'list')
    expect(types.map(type => type.name)).toEqual(['alpha', 'beta', 'gamma'])
  })
})

describe('a pull request with a mistake', () => {
  test.each<[string, string, (text: string) => string, object]>([
    [
      'an unknown key',
      'mlops/alpha/model.yml',
      text => text.replace('metric: accuracy', 'metrik: accuracy'),
      { code: 'unknown-key', line: 5, key: 'compare.metrik', hint: 'Did you mean `metric`?' },
    ],
    [
      'an entry of the wrong type',
      'mlops/alpha/model.yml',
      text => text.replace('golden: golden', 'golden: { a: 1 }'),
      { code: 'wrong-type', line: 7, key: 'serve.golden', hint: 'Write text here.' },
    ],
    [
      'a binding to a step that is not there',
      'mlops/alpha/pipeline.yml',
      text => text.replace('parent.jobs.train.outputs.model', 'parent.jobs.tarin.outputs.model'),
      { code: 'unknown-step', line: 20, key: 'jobs.score.inputs.model', hint: "did you mean 'train'?" },
    ],
  ])('fails and says where: %s', async (what, file, change, error) => {
    const topic = what.replaceAll(' ', '-')
    await home.git(clone, 'checkout', '-q', '-B', topic, 'origin/main')
    await edit(clone, file, change)
    await home.git(clone, 'commit', '-q', '-a', '-m', what)
    await home.git(clone, 'push', '-q', 'origin', `HEAD:refs/for/main/${topic}`)
    const commit = await home.git(clone, 'rev-parse', 'HEAD')
    const run = await untilRuns(home, runs => runs.find(run => run.commit === commit && run.endedAt !== null))
    expect(run).toMatchObject({ pipeline: 'pr', modelType: 'alpha', status: 'failed' })
    expect(run.error).toMatchObject({ file, message: expect.stringMatching(/^[^\n]+$/), ...error })
    const [{ checks } = { checks: [] }] = await home.json<PullRequestDocument[]>('pr', 'list')
    expect(checks.map(({ modelType, status }) => `${modelType}: ${status}`).sort()).toEqual([
      ...['alpha: failed', 'beta: not affected'],
    ])
  })
})

describe('a model type that was broken on the branch', () => {
  test('fails and is shown with its problem, while the others run', async () => {
    await home.git(clone, 'checkout', '-q', '-B', 'broken', 'origin/main')
    await edit(clone, 'mlops/alpha/model.yml', text => text.replace('train:', 'trian:'))
    await edit(clone, 'mlops/beta/pipeline.yml', text => text.replace('threshold: 40', 'threshold: 50'))
    await home.git(clone, 'commit', '-q', '-a', '-m', 'broken')
    await home.git(clone, 'push', '-q', 'origin', 'HEAD:main')
    const commit = await home.git(clone, 'rev-parse', 'HEAD')
    const [failed, promoted] = await untilRuns(home, runs => {
      const ours = runs.filter(run => run.commit === commit && run.endedAt !== null)
      const found = [
        ours.find(run => run.modelType === 'alpha'),
        ours.find(run => run.outcome === 'promoted'),
      ]
      return found.every(run => run !== undefined) ? (found as RunDocument[]) : undefined
    })
    const place = { file: 'mlops/alpha/model.yml', line: 4, key: 'trian' }
    expect(failed).toMatchObject({
      pipeline: 'ci',
      status: 'failed',
      error: { ...place, code: 'unknown-key' },
    })
    expect(promoted).toMatchObject({ pipeline: 'cd', modelType: 'beta' })
    const types = await home.json<ModelTypeDocument[]>('model-type', 'list')
    expect(types.find(type => type.name === 'alpha')).toMatchObject({ declaration: null, problem: place })
    refused(
      await home.millwright('model-type', 'show', 'alpha'),
      'mlops/alpha/model.yml:4:1:trian: error',
      '`train`',
    )
  })

  test('runs again when it is mended', async () => {
    await home.git(clone, 'revert', '--no-edit', 'HEAD')
    await home.git(clone, 'push', '-q', 'origin', 'HEAD:main')
    const commit = await home.git(clone, 'rev-parse', 'HEAD')
    const both = await untilRuns(home, runs => {
      const ours = runs.filter(run => run.commit === commit && run.pipeline === 'cd' && run.endedAt !== null)
      return ours.length === 2 ? ours : undefined
    })
    expect(both.map(run => run.status)).toEqual(['succeeded', 'succeeded'])
  })
})

describe('a pipeline file is refused by `ml lint` and `ml run`', () => {
  test.each<[string, (text: string) => string, string, number, string, string]>([
    [
      'a binding to an unknown step',
      text => text.replace('parent.jobs.train.outputs.model', 'parent.jobs.tarin.outputs.model'),
      ...(['unknown-step', 20, 'jobs.score.inputs.model', "did you mean 'train'?"] as const),
    ],
    [
      'a binding to an unknown output',
      text => text.replace('parent.jobs.train.outputs.model', 'parent.jobs.train.outputs.modle'),
      ...(['unknown-output', 20, 'jobs.score.inputs.model', "did you mean 'model'?"] as const),
    ],
    [
      'a cycle',
      text =>
        text.replace(
          'data: ${{parent.inputs.raw_data}}\n',
          'data: ${{parent.jobs.score.outputs.predictions}}\n',
        ),
      ...(['cycle', 20, 'jobs.score.inputs.model', 'remove one of these bindings'] as const),
    ],
    [
      'a component file that is not found',
      text => text.replace('./train.yml', './trian.yml'),
      ...(['component-not-found', 12, 'jobs.train.component', "did you mean './train.yml'?"] as const),
    ],
    [
      'a required input that is missing',
      text => text.replace('      threshold: ${{parent.inputs.threshold}}\n', ''),
      ...(['missing-input', 13, 'jobs.train.inputs.threshold', "add 'threshold: …' to its inputs"] as const),
    ],
    [
      'an input of the pipeline without a value',
      text => text.replace('threshold: 40', 'threshold: { type: number }'),
      ...(['missing-input', 4, 'inputs.threshold.default', "give 'threshold' when it is run"] as const),
    ],
  ])('for %s', async (what, change, rule, line, key, suggestion) => {
    const folder = join(home.path, 'pipelines', what)
    await cp(join(home.path, 'tiny/mlops'), folder, { recursive: true })
    await edit(folder, 'alpha/pipeline.yml', change)
    const file = join(folder, 'alpha/pipeline.yml')
    const lint = await home.millwright('ml', 'lint', file, '--json')
    expect(lint.code).toBe(2)
    expect(JSON.parse(lint.stdout)).toMatchObject({
      valid: false,
      problems: [
        { severity: 'error', rule, file, line, key, suggestion: expect.stringContaining(suggestion) },
      ],
    })
    const output = join(home.path, 'never')
    const run = await home.millwright('ml', 'run', file, '--output-dir', output)
    refused(run, `${file}:${line}:`, suggestion)
    expect(run.stderr).toContain(`:${key}: error: `)
    expect(existsSync(join(output, 'steps'))).toBe(false)
  })

  test('when it is not there', async () => {
    for (const command of ['lint', 'run']) {
      const answer = await home.millwright('ml', command, join(home.path, 'nothere.yml'))
      expect([answer.code, `${answer.stdout}${answer.stderr}`]).toEqual([
        2,
        expect.stringContaining('nothere.yml'),
      ])
    }
  })
})

describe('a dataset', () => {
  test.each([
    ['is empty, a folder', 'empty', 'has no files'],
    ['is empty, a file', 'empty.csv', 'has no data'],
    ['has empty files only', 'emptied', 'has no data'],
    ['has a header and no rows', 'header.csv', 'has a header, but no rows'],
    ["isn't there", 'nothere', 'there is nothing at'],
  ])('is refused when it %s', async (_, name, message) => {
    const folder = join(home.path, 'datasets-in')
    await mkdir(join(folder, 'empty'), { recursive: true })
    await mkdir(join(folder, 'emptied'), { recursive: true })
    for (const file of ['empty.csv', 'emptied/rows.csv']) await writeFile(join(folder, file), '')
    await writeFile(join(folder, 'header.csv'), 'x,target\n')
    const path = join(folder, name)
    refused(await home.millwright('dataset', 'register', 'bad', path), message, 'Give the')
    refused(
      await home.millwright('dataset', 'show', 'bad'),
      'there is no dataset bad',
      'dataset register bad',
    )
  })

  test('is refused with a hostile name', async () => {
    const data = join(home.path, 'tiny/data/numbers')
    for (const name of HOSTILE_NAMES.filter(name => !name.startsWith('-'))) {
      const answer = await home.millwright('dataset', 'register', name, data)
      refused(answer, `error: ${JSON.stringify(name)} can't be the name of a dataset`, 'Use letters')
    }
    const names = (await home.json<DatasetDocument[]>('dataset', 'list')).map(dataset => dataset.name)
    expect([...new Set(names)]).toEqual(['numbers', 'numbers-evaluation'])
  })

  test("that doesn't exist starts no run", async () => {
    const before = await home.json('run', 'list')
    const start = ['run', 'start', 'cd', '--model-type', 'alpha', '--dataset']
    const missing = 'there is no dataset nothere; there are numbers, numbers-evaluation'
    refused(
      await home.millwright(...start, 'nothere:1'),
      missing,
      'millwright dataset register nothere <path>',
    )
    const unknown = 'dataset numbers has no version 99; it has 1'
    refused(await home.millwright(...start, 'numbers:99'), unknown, 'millwright dataset list')
    refused(await home.millwright(...start, '../../x'), 'not a dataset reference', 'write name:version')
    expect(await home.json('run', 'list')).toEqual(before)
  })

  test("that a model type trains with and that doesn't exist fails the run, by name", async () => {
    await home.git(clone, 'checkout', '-q', '-B', 'dataset', 'origin/main')
    await edit(clone, 'mlops/alpha/model.yml', text =>
      text.replace('azureml:numbers@latest', 'azureml:nothere@latest'),
    )
    await home.git(clone, 'commit', '-q', '-a', '-m', 'no such dataset')
    await home.git(clone, 'push', '-q', 'origin', 'HEAD:main')
    const commit = await home.git(clone, 'rev-parse', 'HEAD')
    const run = await untilRuns(home, runs =>
      runs.find(run => run.commit === commit && run.pipeline === 'cd' && run.endedAt !== null),
    )
    expect(run.status).toBe('failed')
    expect(run.error).toMatchObject({ message: expect.stringContaining('there is no dataset nothere') })
  })
})

describe('a name that could do harm', () => {
  test('starts no run', async () => {
    const before = await home.json('run', 'list')
    for (const name of HOSTILE_NAMES)
      for (const pipeline of ['pr', 'ci', 'cd']) {
        const answer = await home.millwright('run', 'start', pipeline, `--model-type=${name}`)
        refused(answer, 'error: no model type can be called', '`millwright model-type list`')
      }
    expect(await home.json('run', 'list')).toEqual(before)
  })

  test('is no branch and no topic', async () => {
    const hostile = `$(touch\${IFS}${CANARY})`
    for (const ref of [
      `refs/heads/${hostile}`,
      `refs/for/main/${hostile}`,
      'refs/heads/-x',
      `refs/tags/${hostile}`,
    ]) {
      const pushed = home.git(clone, 'push', 'origin', `origin/main:${ref}`)
      await expect(pushed).rejects.toThrow(`Millwright: refused ${ref}`)
    }
    const refs = await home.git(clone, 'ls-remote', 'origin')
    expect(refs).not.toContain('touch')
    for (const branch of [hostile, '--upload-pack=x']) {
      const answer = await home.millwright('run', 'start', 'ci', '--model-type=beta', `--branch=${branch}`)
      expect(answer.code).toBe(2)
    }
  })

  test('has never been run', () => {
    const found = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const canaries = [...found(home.path), ...readdirSync('.'), ...readdirSync('/')]
    expect(canaries.filter(path => path.split('/').at(-1) === CANARY)).toEqual([])
  })
})

describe('the command line', () => {
  test.each([
    [['rnu', 'list'], "error: there is no command 'millwright rnu'", 'did you mean `millwright run`?'],
    [
      ['run', 'strat'],
      "error: there is no command 'millwright run strat'",
      'did you mean `millwright run start`?',
    ],
    [['run', 'list', '--limt', '3'], "error: unknown option '--limt'", 'did you mean --limit?'],
    [['run', 'list', '--limit', 'many'], 'error: ', 'see `millwright run list --help`'],
    [['run', 'start', 'xx', '--model-type', 'alpha'], 'error: ', 'see `millwright run start --help`'],
    [['run', 'show', '999'], "error: there is no run '999'", 'see `millwright run list`'],
    [['model', 'show', 'nothere'], "error: there is no model 'nothere'", 'see `millwright model list`'],
    [['image', 'show', 'nothere'], "error: there is no image 'nothere'", '`millwright image list`'],
    [['plan', 'nothere..main', '--repository', 'tiny'], "error: 'nothere' is neither", 'the branches are'],
    [['pr', 'merge', '99'], 'error: there is no pull request 99', 'see `millwright pr list`'],
  ])('refuses %j', async (words, message, hint) => {
    refused(await home.millwright(...words), message, hint)
    const json = await home.millwright(...words, '--json')
    expect([json.code, json.stderr]).toEqual([2, ''])
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: expect.any(String), hint: expect.any(String) },
    })
  })

  test('says when the server is not running', async () => {
    const away = await testHome()
    try {
      refused(
        await away.millwright('run', 'list'),
        "error: the server isn't running",
        'start it with `millwright up`',
      )
    } finally {
      await away.remove()
    }
  })
})

describe('the server', () => {
  test("doesn't start when its port is in use, and leaves nothing running", async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const other = await testHome()
    try {
      const answer = await other.millwright('up', '--port', String(port))
      refused(answer, `error: port ${port} of 127.0.0.1 is in use`, 'give another one with --port')
      expect(readdirSync(other.path)).not.toContain('server.json')
    } finally {
      server.close()
      await other.remove()
    }
  })

  test("doesn't start twice in one home", async () => {
    refused(
      await home.millwright('up', '--port', '0'),
      'error: a server runs in this home already',
      'use it, stop it',
    )
  })

  test("doesn't start in a home that can't be written", async () => {
    await writeFile(join(home.path, 'file'), '')
    const path = join(home.path, 'file/home')
    const message = `error: Millwright's home ${path} can't be written`
    refused(await bare({ MILLWRIGHT_HOME: path }, 'up', '--port', '0'), message, 'set MILLWRIGHT_HOME')
  })

  test('names what installs Python where there is none', async () => {
    const path = await pathWithout('python')
    const pipeline = join(home.path, 'tiny/mlops/alpha/pipeline.yml')
    const environment = { MILLWRIGHT_HOME: join(home.path, 'other'), PATH: path }
    const answer = await bare(environment, 'ml', 'run', pipeline, '--input', 'threshold=41')
    const [error = '', hint] = answer.stderr.trimEnd().split('\n').slice(-2)
    expect([answer.code, error]).toEqual([2, "error: Python 3.10 or newer isn't on PATH"])
    expect(hint).toMatch(/^hint: install it: ./)
    const doctor = await bare(environment, 'doctor', '--json')
    expect(doctor.stdout).toContain('install it: ')
  })

  test('has gone on through all of this', async () => {
    const run = await home.json<RunDocument>('run', 'start', 'cd', '--model-type', 'beta', '--wait')
    expect(run).toMatchObject({ status: 'succeeded', outcome: 'kept' })
  })
})

/** Exit code 2, one line that says what and where, one that says what to do next, and no stack. */
function refused({ code, stdout, stderr }: Answer, message: string, hint: string): void {
  expect(`${code} ${stderr}`).toContain(message)
  expect([code, stdout]).toEqual([2, ''])
  const lines = stderr.trimEnd().split('\n')
  expect(lines).toEqual([expect.stringContaining('error: '), expect.stringMatching(/^hint: ./)])
  expect(lines[1]).toContain(hint)
}

async function brokenCopy(name: string, change: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(home.path, 'broken', name.replaceAll(' ', '-'))
  await cp(join(home.path, 'tiny/mlops'), join(folder, 'mlops'), { recursive: true })
  await change(folder)
  await home.git(folder, 'init', '-q', '-b', 'main')
  await home.git(folder, 'add', '-A')
  await home.git(folder, 'commit', '-q', '-m', 'broken')
  return folder
}

async function edit(folder: string, file: string, change: (text: string) => string): Promise<void> {
  const path = join(folder, file)
  const text = await readFile(path, 'utf8')
  if (change(text) === text) throw new Error(`nothing changed in ${file}`)
  await writeFile(path, change(text))
}

/** The command with nothing but this environment. */
async function bare(env: Record<string, string>, ...words: string[]): Promise<Answer> {
  const argv = [join(import.meta.dirname, '../../bin/millwright.js'), ...words]
  const whole = { PATH: process.env.PATH ?? '', HOME: home.path, ...env }
  return promisify(execFile)(process.execPath, argv, { env: whole, timeout: 30_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code: Number(code), stdout, stderr }),
  )
}

/** A PATH with the usual programs, but for those whose name begins with `excluded`. */
async function pathWithout(excluded: string): Promise<string> {
  const folder = join(home.path, 'programs')
  await mkdir(folder)
  for (const name of ['bash', 'sh', 'cat', 'env', 'git', 'mkdir']) {
    if (name.startsWith(excluded)) continue
    const from = (process.env.PATH ?? '')
      .split(':')
      .map(part => join(part, name))
      .find(existsSync)
    if (from) await symlink(from, join(folder, name))
  }
  await chmod(folder, 0o755)
  return folder
}
