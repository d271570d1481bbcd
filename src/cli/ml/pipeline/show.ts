import type { PipelineVersion } from '#server/documents/ml-pipeline.ts'
import { api, connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { pipelineView } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'

export async function mlPipelineShow(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<pipeline>', 'name, name:version or name@latest'),
  )
  const path = api`/api/ml/pipelines/${args[0]!}`
  return show(invocation, await connect(invocation.config).get<PipelineVersion>(path), pipelineView)
}
