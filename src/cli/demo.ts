import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  breakTest,
  importRepository,
  improveModel,
  lookBack,
  type Stage,
  trainOnNewMaterial,
  worsenModel,
} from './demo/acts.ts'
import { makeDatasets } from './demo/data.ts'
import { startServer } from './demo/server.ts'
import { demoShell } from './demo/shell.ts'
import type { Command, Invocation } from './invocation.ts'
import { parse } from './options.ts'

/** `millwright demo`: a code change becomes a validated inference image, in front of your eyes, in a home of its own. */
export const demo: Command = async invocation => {
  const { options } = parse<{ keep?: boolean }>(invocation, command =>
    command.option('--keep', 'leave the server running and its files in place at the end'),
  )
  const folder = await mkdtemp(join(tmpdir(), 'millwright-demo-'))
  await chmod(folder, 0o711) // PostgreSQL's account passes through it to the home
  const { config, terminal } = invocation
  const started = Date.now()
  title(invocation, 'Starting: PostgreSQL, MLflow, the Model Orchestrator and the ML Service')
  const data = join(folder, 'data')
  const home = join(folder, 'home')
  await mkdir(home)
  const [server] = await Promise.all([
    startServer(config, home),
    makeDatasets(config, data, line => terminal.err(`  ${line}\n`)),
  ])
  terminal.out(`  server ${server.url}, home ${home}\n`)
  const stage: Stage = {
    shell: demoShell(config, terminal, server),
    server,
    terminal,
    data,
    clone: join(folder, 'ada'),
  }
  try {
    await play(invocation, stage, join(folder, 'factory'))
    terminal.out(`\nDone in ${Math.round((Date.now() - started) / 1000)} s.\n`)
    return 0
  } finally {
    if (options.keep) terminal.out(`The server goes on: MILLWRIGHT_HOME=${home} millwright run list\n`)
    else {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function play(invocation: Invocation, stage: Stage, repository: string): Promise<void> {
  title(
    invocation,
    '1. A repository with two model types: CI, CD, the ML pipeline, the first best models, their images',
  )
  await importRepository(stage, repository)
  title(invocation, '2. A pull request that breaks a unit test')
  await breakTest(stage)
  title(invocation, '3. A pull request that makes a model better is merged')
  await improveModel(stage)
  title(invocation, '4. A change that makes a model worse is merged')
  await worsenModel(stage)
  title(invocation, '5. New material: a new dataset version, and training by hand')
  await trainOnNewMaterial(stage)
  title(invocation, '6. What has happened, and where an image comes from')
  await lookBack(stage)
}

function title({ terminal }: Invocation, text: string): void {
  terminal.out(`\n${terminal.outColors.bold(terminal.outColors.cyan(text))}\n`)
}
