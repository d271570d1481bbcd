import type { RunDocument } from '#server/documents/run.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { showStarted } from './follow.ts'

export async function runRetry(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ wait?: true }>(invocation, command =>
    command
      .argument('<run>', 'id or build id of a run that failed or was cancelled')
      .option('--wait', 'wait until the new run has ended'),
  )
  const client = connect(invocation.config)
  const run = await client.post<RunDocument>(api`/api/runs/${args[0]!}/retry`)
  return showStarted(invocation, client, run, options.wait === true)
}
