import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { appendFileSync, openSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { readConfig } from '#config.ts'
import type { RunDocument } from '#orchestrator/run-document.ts'
import { SHARED_TOOLS } from './shared-tools.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(ROOT, 'bin/millwright.js')
const execute = promisify(execFile)

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

/** A fresh home, the command line in it, and the processes that were started in it. */
export interface TestHome {
  path: string
  /** Runs the built command; never throws for an exit code. */
  millwright(...words: string[]): Promise<Answer>
  /** Runs it with --json and parses what it prints. Throws when it exits with anything but 0 or 3. */
  json<T>(...words: string[]): Promise<T>
  git(folder: string, ...words: string[]): Promise<string>
  /** Starts `millwright up` (or another long-running command) and waits until it is ready. */
  start(options?: { env?: Record<string, string>; words?: string[] }): Promise<ServerProcess>
  remove(): Promise<void>
}

export interface ServerProcess {
  pid: number
  /** Resolves when the process has ended, by itself or by a signal. */
  exited: Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
  output(): string
}

export async function testHome(): Promise<TestHome> {
  const path = await mkdtemp(join(tmpdir(), 'millwright-home-'))
  for (const name of ['tools', 'environments']) {
    await mkdir(join(SHARED_TOOLS, name), { recursive: true })
    await symlink(join(SHARED_TOOLS, name), join(path, name))
  }
  const base = {
    ...readConfig().inheritedEnv,
    MILLWRIGHT_HOME: path,
    MLFLOW_TRACKING_URI: inject('mlflowUri'),
    ...IDENTITY,
  }
  const started = new Set<ChildProcess>()
  const home: TestHome = {
    path,
    millwright: (...words) => run(process.execPath, [BIN, ...words], base, ROOT),
    async json(...words) {
      const answer = await home.millwright(...words, '--json')
      if (answer.code !== 0 && answer.code !== 3)
        throw new Error(`${words.join(' ')}: ${answer.code}\n${answer.stdout}${answer.stderr}`)
      return JSON.parse(answer.stdout)
    },
    async git(folder, ...words) {
      const answer = await run('git', words, base, folder)
      if (answer.code !== 0) throw new Error(`git ${words.join(' ')}: ${answer.stderr}`)
      return answer.stdout.trim()
    },
    async start(options = {}) {
      const words = options.words ?? ['up', '--port', '0']
      return startProcess(path, words, { ...base, ...options.env }, started)
    },
    async remove() {
      for (const child of started) await ended(child, 'SIGTERM')
      await rm(path, { recursive: true, force: true })
    },
  }
  return home
}

/** Copies the tiny model repository (two model types without packages) into a new git repository and imports it. */
export async function importTiny(home: TestHome, edit?: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(home.path, 'tiny')
  await cp(join(ROOT, 'test/fixtures/tiny'), folder, { recursive: true })
  await edit?.(folder)
  for (const name of ['numbers', 'numbers-evaluation'])
    await home.json('dataset', 'register', name, join(folder, 'data', name))
  await home.git(folder, 'init', '-q', '-b', 'main')
  await home.git(folder, 'add', 'mlops')
  await home.git(folder, 'commit', '-q', '-m', 'tiny')
  const { url } = await home.json<{ url: string }>('repo', 'add', folder, '--name', 'tiny')
  const clone = join(home.path, 'clone')
  await home.git(home.path, 'clone', '-q', url, clone)
  return clone
}

/** Sets a literal input of a tiny model type's pipeline: `threshold` (50 is perfect), or `seconds` that training takes. */
export async function setParameter(
  folder: string,
  modelType: string,
  name: string,
  value: number,
): Promise<void> {
  const file = join(folder, 'mlops', modelType, 'pipeline.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(new RegExp(`^  ${name}: .*$`, 'm'), `  ${name}: ${value}`))
}

/** Polls the runs until `found` returns something. */
export async function untilRuns<T>(
  home: TestHome,
  found: (runs: RunDocument[]) => T | undefined,
  seconds = 120,
): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(100)) {
    const runs = await listedRuns(home).catch(() => undefined)
    const result = runs && found(runs)
    if (result !== undefined) return result
  }
  const { stdout } = await home.millwright('run', 'list')
  throw new Error(
    `the runs did not come to what was expected in ${seconds} s:\n${stdout}\n${serverOutput(home)}`,
  )
}

/** By HTTP: a start of Node for each look would be most of the work. */
async function listedRuns(home: TestHome): Promise<RunDocument[]> {
  const { url, token } = JSON.parse(await readFile(join(home.path, 'server.json'), 'utf8'))
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/api/runs?limit=100`, { headers, signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as RunDocument[]
}

/** All runs of the pipeline, when there are at least `count` and all have ended. */
export function allEnded(pipeline: string, count: number) {
  return (runs: RunDocument[]): RunDocument[] | undefined => {
    const ours = runs.filter(run => run.pipeline === pipeline)
    return ours.length >= count && ours.every(run => run.endedAt !== null) ? ours : undefined
  }
}

function serverOutput(home: TestHome): string {
  try {
    return readFileSync(join(home.path, 'process.log'), 'utf8').slice(-4000)
  } catch {
    return ''
  }
}

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@test.invalid',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@test.invalid',
}

async function run(
  program: string,
  words: string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Answer> {
  return execute(program, words, { env, cwd, maxBuffer: 64 * 2 ** 20 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    error => ({
      code: typeof error.code === 'number' ? error.code : 128,
      stdout: error.stdout ?? '',
      stderr: error.stderr ?? String(error),
    }),
  )
}

async function startProcess(
  home: string,
  words: string[],
  env: Record<string, string>,
  started: Set<ChildProcess>,
): Promise<ServerProcess> {
  const log = join(home, 'process.log')
  const from = readIfThere(log).length
  appendFileSync(log, '')
  const file = openSync(log, 'a')
  const child = spawn(process.execPath, [BIN, ...words], { env, cwd: ROOT, stdio: ['ignore', file, file] })
  started.add(child)
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const output = () => readIfThere(log).slice(from)
  await untilReady(child, words[0] === 'up' ? join(home, 'server.json') : undefined, output)
  return { pid: child.pid!, exited, kill: signal => ended(child, signal), output }
}

/** A server is ready when it has said where it is; anything else when it has printed something. */
async function untilReady(
  child: ChildProcess,
  file: string | undefined,
  output: () => string,
): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended before it was ready:\n${output()}`)
    if (!file && output().trim() !== '') return
    const text = file ? await readFile(file, 'utf8').catch(() => '') : ''
    if (text !== '' && JSON.parse(text).pid === child.pid) return
  }
  throw new Error(`not ready in time:\n${output()}`)
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  await exited
}
