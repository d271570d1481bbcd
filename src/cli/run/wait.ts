import type { RunDocument } from '#server/documents/run.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { showStarted } from './follow.ts'

export async function runWait(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('<run>', 'id or build id'))
  const client = connect(invocation.config)
  const run = await client.get<RunDocument>(api`/api/runs/${args[0]!}`)
  return showStarted(invocation, client, run, true)
}
