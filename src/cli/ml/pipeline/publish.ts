import { resolve } from 'node:path'
import type { PipelineVersion } from '#server/documents/ml-pipeline.ts'
import { connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { localInputs } from '../../local-inputs.ts'
import { nameAndValue, parse } from '../../options.ts'
import { pipelineView } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'

interface Options {
  name?: string
  input?: Record<string, string>
}

export async function mlPipelinePublish(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<Options>(invocation, command =>
    command
      .argument(
        '<pipeline.yml>',
        "a pipeline file, on the server's machine; the same content is the same version",
      )
      .option('--name <name>', 'default: what the file says, or what it is called')
      .option('--input <name=value>', 'a value to check the pipeline with; may be repeated', nameAndValue),
  )
  const { name, input = {} } = options
  const request = {
    file: resolve(args[0]!),
    ...(name === undefined ? {} : { name }),
    inputs: localInputs(input),
  }
  return show(
    invocation,
    await connect(invocation.config).post<PipelineVersion>('/api/ml/pipelines', request),
    pipelineView,
  )
}
