import type { ModelTypeDocument } from '#server/documents/model-type.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { modelTypeTable } from '../print/model-type.ts'
import { show } from '../print/show.ts'

export async function modelTypeList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<{ branch?: string }>(invocation, command =>
    command.option('--branch <branch>', 'as they stand on this branch; default: main'),
  )
  const query = { branch: options.branch }
  const types = await connect(invocation.config).get<ModelTypeDocument[]>('/api/model-types', query)
  return show(invocation, types, modelTypeTable)
}
