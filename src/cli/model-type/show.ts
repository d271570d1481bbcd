import type { ModelTypeDocument } from '#server/documents/model-type.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { modelTypeView } from '../print/model-type.ts'
import { show } from '../print/show.ts'

export async function modelTypeShow(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ branch?: string }>(invocation, command =>
    command
      .argument('<name>', 'name of the model type')
      .option('--branch <branch>', 'as it stands on this branch; default: main'),
  )
  const client = connect(invocation.config)
  const query = { branch: options.branch }
  const type = await client.get<ModelTypeDocument>(api`/api/model-types/${args[0]!}`, query)
  return show(invocation, type, modelTypeView)
}
