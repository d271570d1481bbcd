import type { RunDocument } from '#server/documents/run.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { runView } from '../print/run.ts'
import { show } from '../print/show.ts'

export async function runCancel(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('<run>', 'id or build id'))
  const run = await connect(invocation.config).post<RunDocument>(api`/api/runs/${args[0]!}/cancel`)
  return show(invocation, run, runView)
}
