import type { RunExplanation } from '#server/documents/explanation.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { runExplanation } from '../print/explain-run.ts'
import { show } from '../print/show.ts'

export async function explainRun(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('<run>', 'id or build id'))
  const explanation = await connect(invocation.config).get<RunExplanation>(api`/api/explain/run/${args[0]!}`)
  return show(invocation, explanation, runExplanation)
}
