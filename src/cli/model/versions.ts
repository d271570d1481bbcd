import type { ModelVersion } from '#server/documents/model.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { versionTable } from '../print/model.ts'
import { show } from '../print/show.ts'

export async function modelVersions(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('<name>', 'the model'))
  const versions = await connect(invocation.config).get<ModelVersion[]>(api`/api/models/${args[0]!}/versions`)
  return show(invocation, versions, versionTable)
}
