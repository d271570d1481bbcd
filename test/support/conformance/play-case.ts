import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { readConfig } from '#config.ts'
import { SHARED_TOOLS } from '../shared-tools.ts'
import { checkLint } from './check-lint.ts'
import { checkRefusal, checkRun } from './check-run.ts'
import { type Expectation, type Run, readExpectation } from './expectation.ts'
import { fingerprint } from './files.ts'

const BIN = fileURLToPath(new URL('../../../bin/millwright.js', import.meta.url))

interface Stage {
  /** Holds `case` (a copy of the case's folder), `home`, `temp`, and a folder per job. */
  root: string
  expected: Expectation
  server: string
}

/** Plays a copy of the case through the command line, in a home of its own. Throws when anything isn't as expected. */
export async function playCase(folder: string, server: string): Promise<void> {
  const expected = readExpectation(folder)
  const root = await mkdtemp(join(tmpdir(), 'conformance-'))
  try {
    await setUp(root, folder, expected)
    await play({ root, expected, server })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function setUp(root: string, folder: string, expected: Expectation): Promise<void> {
  for (const name of ['home', 'temp']) await mkdir(join(root, name))
  for (const name of ['tools', 'environments']) {
    await mkdir(join(SHARED_TOOLS, name), { recursive: true })
    await symlink(join(SHARED_TOOLS, name), join(root, 'home', name))
  }
  await cp(folder, join(root, 'case'), { recursive: true, verbatimSymlinks: true })
  await rm(join(root, 'case', 'expect.yml'))
  for (const [path, content] of Object.entries(expected.files)) await put(join(root, 'case', path), content)
}

async function put(path: string, content: string | null): Promise<void> {
  if (content === null) return void (await mkdir(path, { recursive: true }))
  await mkdir(dirname(path), { recursive: true })
  if (content.startsWith('-> ')) await symlink(content.slice(3), path)
  else await writeFile(path, content)
}

async function play(stage: Stage): Promise<void> {
  const { lint = [], run } = stage.expected
  const refused = lint.some(problem => problem.severity === 'error')
  if (stage.expected.lint) await lintCase(stage, lint)
  if (refused && !run) await runCase(stage, 0, { ...NOTHING, status: 'refused' })
  for (const [index, one] of [run ?? []].flat().entries()) await runCase(stage, index, one)
}

const NOTHING = { edit: {}, inputs: {}, force: false, steps: {} }

async function lintCase(stage: Stage, lint: NonNullable<Expectation['lint']>): Promise<void> {
  const answer = await millwright(stage, ['ml', 'lint', join(stage.root, 'case', stage.expected.file)])
  checkLint(lint, answer, join(stage.root, 'case'))
}

async function runCase(stage: Stage, index: number, run: Run): Promise<void> {
  const folder = join(stage.root, 'case')
  for (const [path, content] of Object.entries(run.edit)) {
    if (content === null) await rm(join(folder, path), { recursive: true })
    else await put(join(folder, path), content)
  }
  const before = fingerprint(folder)
  const job = join(stage.root, `job-${index}`)
  const answer = await millwright(stage, ['ml', 'run', join(folder, stage.expected.file), ...(await words())])
  if (run.status === 'refused') checkRefusal(run, answer, job)
  else checkRun(run, answer, job)
  if (fingerprint(folder) !== before) throw new Error("the run changed the user's files")

  async function words(): Promise<string[]> {
    const inputs = Object.entries(run.inputs).flatMap(([name, value]) => [
      '--input',
      `${name}=${value.replace('$SERVER', stage.server).replace('$TEMP', join(stage.root, 'temp'))}`,
    ])
    const map = join(stage.root, 'environments.yml')
    if (run.environments) await writeFile(map, stringify({ environments: run.environments }))
    const environments = run.environments ? ['--environments', map] : []
    return ['--output-dir', job, ...inputs, ...environments, ...(run.force ? ['--force'] : [])]
  }
}

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

/** Whatever takes longer than a minute hangs. */
function millwright({ root }: Stage, words: string[]): Promise<Answer> {
  const env = { ...readConfig().inheritedEnv, MILLWRIGHT_HOME: join(root, 'home') }
  const options = { env, cwd: root, timeout: 60_000, maxBuffer: 2 ** 26 }
  return new Promise(resolve => {
    execFile(process.execPath, [BIN, ...words, '--json'], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 128) : 0, stdout, stderr })
    })
  })
}
