import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { RunDocument } from '#orchestrator/run-document.ts'
import type { Terminal } from '../print/terminal.ts'
import { copyExample } from './data.ts'
import { followRuns, get, hasEnded } from './follow.ts'
import type { DemoServer } from './server.ts'
import type { Shell } from './shell.ts'

export interface Stage {
  shell: Shell
  server: DemoServer
  terminal: Terminal
  /** Folder with the datasets. */
  data: string
  /** Ada's clone of the repository. */
  clone: string
}

/** 1. Datasets and repository: both model types go CI → CD → ML pipeline → first best → image. */
export async function importRepository(demo: Stage, folder: string): Promise<void> {
  const { shell, data, clone } = demo
  for (const name of [
    'machine-failure',
    'machine-failure-evaluation',
    'part-marking',
    'part-marking-evaluation',
  ]) {
    await shell.millwright('dataset', 'register', name, join(data, name))
  }
  await copyExample(folder)
  await shell.git(folder, 'init', '-q', '-b', 'main')
  await shell.git(folder, 'add', '.')
  await shell.git(folder, 'commit', '-q', '-m', 'Two model types')
  await shell.millwright('repo', 'add', folder, '--name', 'factory')
  const runs = await follow(demo, runs => ended(runs, 'cd', 2))
  expectOutcomes(
    runs.filter(run => run.pipeline === 'cd'),
    ['promoted', 'promoted'],
  )
  const [repository] = await get<{ url: string }[]>(demo.server, '/api/repositories')
  await shell.git(folder, 'clone', '-q', repository!.url, clone)
}

/** 2. A pull request that breaks a unit test fails and names the test; the other model type is not affected. */
export async function breakTest(demo: Stage): Promise<void> {
  const file = 'mlops/machine-failure/src/prepare/failure_modes.py'
  await pullRequest(demo, 'simpler-heat-rule', file, 'speed_rpm < 1380', 'speed_rpm <= 1380')
  const [run] = await follow(demo, runs => ended(runs, 'pr', 1))
  if (run?.status !== 'failed')
    throw new StageFailure(`the pull request's run should have failed, and is ${run?.status}`)
  demo.terminal.out(await demo.shell.millwright('pr', 'list'))
}

/** 3. A pull request that improves the model is merged: promoted, a new image, best has moved. */
export async function improveModel(demo: Stage): Promise<void> {
  await demo.shell.git(demo.clone, 'checkout', '-q', 'main')
  await pullRequest(demo, 'deeper-tree', 'mlops/machine-failure/pipeline.yml', 'max_depth: 3', 'max_depth: 8')
  await follow(demo, runs => ended(runs, 'pr', 2))
  await demo.shell.millwright('pr', 'merge', '2')
  const [run] = await follow(demo, runs => ended(runs, 'cd', 3))
  expectOutcomes([run], ['promoted'])
}

/** 4. A merged change that makes a model worse: CD succeeds, best stays, and there is no image. */
export async function worsenModel(demo: Stage): Promise<void> {
  const { shell, clone } = demo
  await shell.git(clone, 'checkout', '-q', 'main')
  await shell.git(clone, 'pull', '-q', '--ff-only')
  await edit(clone, 'mlops/part-marking/pipeline.yml', 'max_depth: 4', 'max_depth: 1')
  await shell.git(clone, 'commit', '-q', '-a', '-m', 'A smaller forest')
  await shell.git(clone, 'push', '-q', 'origin', 'main')
  const [run] = await follow(demo, runs => ended(runs, 'cd', 4))
  expectOutcomes([run], ['kept'])
}

/** 5. A new dataset version, and CD by hand with the reason. */
export async function trainOnNewMaterial(demo: Stage): Promise<void> {
  const { shell, data } = demo
  await shell.millwright('dataset', 'register', 'machine-failure', join(data, 'machine-failure-new-material'))
  const reason = 'a new supplier: mostly high-quality blanks'
  await shell.millwright(
    'run',
    'start',
    'cd',
    '--model-type',
    'machine-failure',
    '--dataset',
    'machine-failure:2',
    '--reason',
    reason,
  )
  await follow(demo, runs => ended(runs, 'cd', 5))
}

/** 6. What has happened, and where an image comes from. */
export async function lookBack({ shell, server, terminal }: Stage): Promise<void> {
  const questions = [
    'run list',
    'model list',
    'model versions machine-failure',
    'model show machine-failure',
    'image list',
  ]
  for (const question of questions) terminal.out(`${await shell.millwright(...question.split(' '))}\n`)
  const [image] = await get<{ digest: string }[]>(server, '/api/images')
  terminal.out(await shell.millwright('explain', 'image', image!.digest))
}

async function pullRequest(
  { shell, clone }: Stage,
  topic: string,
  file: string,
  from: string,
  to: string,
): Promise<void> {
  await shell.git(clone, 'checkout', '-q', '-b', topic)
  await edit(clone, file, from, to)
  await shell.git(clone, 'commit', '-q', '-a', '-m', `${from} becomes ${to}`)
  await shell.git(clone, 'push', '-q', 'origin', `HEAD:refs/for/main/${topic}`)
}

async function edit(clone: string, file: string, from: string, to: string): Promise<void> {
  const path = join(clone, file)
  const text = await readFile(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no '${from}'`)
  await writeFile(path, text.replace(from, to))
}

function follow(
  { server, terminal }: Stage,
  isDone: (runs: RunDocument[]) => boolean,
): Promise<RunDocument[]> {
  return followRuns(server, terminal, runs => isDone(runs) || hasStopped(runs))
}

function ended(runs: RunDocument[], pipeline: string, count: number): boolean {
  return runs.filter(run => run.pipeline === pipeline && hasEnded(run)).length >= count
}

/** A CI run that failed starts no CD: nothing more will come. */
function hasStopped(runs: RunDocument[]): boolean {
  return runs.some(run => run.pipeline !== 'pr' && (run.status === 'failed' || run.status === 'cancelled'))
}

function expectOutcomes(runs: (RunDocument | undefined)[], outcomes: string[]): void {
  const found = runs.map(run => run?.outcome ?? run?.status ?? 'missing')
  if (found.join() !== outcomes.join())
    throw new StageFailure(`expected the outcome ${outcomes.join(', ')}, got ${found.join(', ')}`)
}
