import { randomUUID } from 'node:crypto'
import { Argument } from 'commander'
import type { RunDocument } from '#server/documents/run.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { showStarted } from './follow.ts'

interface Options {
  modelType: string
  dataset?: string
  reason?: string
  commit?: string
  branch?: string
  repository?: string
  idempotencyKey?: string
  wait?: true
}

export async function runStart(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<Options>(invocation, command =>
    command
      .addArgument(new Argument('<pipeline>', 'what to run').choices(['pr', 'ci', 'cd']))
      .requiredOption('--model-type <name>', 'for which model type')
      .option('--dataset <name:version>', 'train with this version (cd)')
      .option('--reason <text>', 'why, e.g. that material or equipment has changed')
      .option(
        '--commit <commit>',
        'full commit id; default: the tip of the branch, for cd the latest packaged one',
      )
      .option('--branch <branch>', 'branch of the environment; default: main')
      .option('--repository <name>', 'when several have this model type')
      .option('--idempotency-key <key>', 'a second start with the same key finds the first')
      .option('--wait', 'wait until the run has ended; exit code 3 when it failed'),
  )
  const { wait, idempotencyKey = randomUUID(), ...rest } = options
  const client = connect(invocation.config)
  const start = { pipeline: args[0], ...withoutJson(rest) }
  const run = await client.post<RunDocument>('/api/runs', start, { 'idempotency-key': idempotencyKey })
  return showStarted(invocation, client, run, wait === true)
}

function withoutJson<T extends object>(options: T): T {
  const { json: _, ...rest } = options as T & { json?: boolean }
  return rest as T
}
