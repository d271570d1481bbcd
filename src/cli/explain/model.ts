import type { ModelExplanation } from '#server/documents/explanation.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { modelExplanation } from '../print/lineage.ts'
import { show } from '../print/show.ts'

export async function explainModel(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<name[:version]>', 'the model; without a version, its newest'),
  )
  const client = connect(invocation.config)
  return show(
    invocation,
    await client.get<ModelExplanation>(api`/api/explain/model/${args[0]!}`),
    modelExplanation,
  )
}
