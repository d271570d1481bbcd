import type { ImageExplanation } from '#server/documents/explanation.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { imageExplanation } from '../print/lineage.ts'
import { show } from '../print/show.ts'

export async function explainImage(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<image>', 'digest, at least 12 digits of it, or repository:tag'),
  )
  const client = connect(invocation.config)
  return show(
    invocation,
    await client.get<ImageExplanation>(api`/api/explain/image/${args[0]!}`),
    imageExplanation,
  )
}
