import type { PipelineVersion } from '#server/documents/ml-pipeline.ts'
import { connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { pipelineTable } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'

export async function mlPipelineList(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('[name]', 'only versions of this one'))
  const pipelines = await connect(invocation.config).get<PipelineVersion[]>('/api/ml/pipelines', {
    name: args[0],
  })
  return show(invocation, pipelines, pipelineTable)
}
