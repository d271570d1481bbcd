import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UserError } from '#errors.ts'
import { askGit } from './git.ts'
import { interrupted } from './interrupt.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse, positiveInteger } from './options.ts'
import { printable } from './print/printable.ts'
import { show } from './print/show.ts'

interface Options {
  modelType: string
  buildId: number
  in: string
  out?: string
  source?: string
  commit?: string
  environment: string
  dataset?: string
}

export async function stage(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<Options>(invocation, command =>
    command
      .argument('<name>', 'e.g. unit-tests')
      .requiredOption('--model-type <name>', 'for which model type')
      .requiredOption('--build-id <n>', 'number of the build; names what the stage makes', positiveInteger)
      .option('--in <folder>', 'folder with what earlier stages left', '.')
      .option('--out <folder>', 'folder to leave the results in; default: the same')
      .option('--source <folder>', 'folder that contains mlops/; default: here, in CD <out>/source')
      .option('--commit <commit>', 'commit of the source; default: what git says')
      .option('--environment <name>', 'deployment environment', 'dev')
      .option('--dataset <name:version>', 'train with this version'),
  )
  const { modelType, buildId, environment, dataset = null } = options
  const name = args[0]!
  const out = resolve(options.out ?? options.in)
  const source = resolve(options.source ?? (ON_CHECKOUT.has(name) ? '.' : join(out, 'source')))
  const { terminal, config } = invocation
  const { runStage } = await import('#main/stage.ts')
  const output = await runStage({
    ...{ config, name, modelType, buildId, environment, dataset, out, source },
    ...(await commitOf(options, source)),
    in: resolve(options.in),
    log: line => terminal.err(`${printable(line)}\n`),
    signal: interrupted(),
  })
  return show(invocation, output, ({ summary }, { colors }) => `${colors.green('✓')} ${summary}`)
}

/** Stages of PR and CI work on a checkout; those of CD on the artifact that `download-artifacts` unpacks. */
const ON_CHECKOUT = new Set(['code-quality', 'unit-tests', 'local-model-validation', 'package-artifacts'])

/** A commit that git doesn't know here has the time 1970, so that images stay reproducible. */
async function commitOf(options: Options, source: string): Promise<{ commit: string; committedAt: string }> {
  const commit =
    options.commit ??
    (await packagedCommit(options.in, source)) ??
    (await headOf(source)) ??
    (await headOf('.'))
  if (commit === undefined) {
    throw new UserError('no-commit', `git doesn't know the commit of ${source}`, {
      hint: 'give it with --commit',
    })
  }
  const format = ['show', '--no-patch', '--no-show-signature', '--format=%ct', '--end-of-options', commit]
  const seconds = Number((await askGit(format, source)) ?? (await askGit(format, '.')) ?? 0)
  return { commit, committedAt: new Date(seconds * 1000).toISOString() }
}

/** What CI packaged says its commit: beside the archive, and in the tree that was unpacked from it. */
async function packagedCommit(folder: string, source: string): Promise<string | undefined> {
  for (const file of [join(folder, 'package-artifacts.json'), join(source, 'artifact.json')]) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    const left =
      text === undefined ? {} : (JSON.parse(text) as { commit?: string; manifest?: { commit?: string } })
    const commit = left.commit ?? left.manifest?.commit
    if (commit) return commit
  }
  return undefined
}

function headOf(folder: string): Promise<string | undefined> {
  return askGit(['rev-parse', '--verify', 'HEAD'], folder)
}
