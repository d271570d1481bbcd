import type { ImageDocument } from '#server/documents/image.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse, positiveInteger } from '../options.ts'
import { imageTable } from '../print/image.ts'
import { show } from '../print/show.ts'

export async function imageList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<{ modelType?: string; limit: number }>(invocation, command =>
    command
      .option('--model-type <name>', 'of this model type')
      .option('--limit <n>', 'at most so many', positiveInteger, 30),
  )
  const { modelType, limit } = options
  const query = { modelType, limit }
  return show(
    invocation,
    await connect(invocation.config).get<ImageDocument[]>('/api/images', query),
    imageTable,
  )
}
