import type { MlJobSummary } from '#server/documents/ml-job.ts'
import { connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse, positiveInteger } from '../../options.ts'
import { jobTable } from '../../print/ml-job.ts'
import { show } from '../../print/show.ts'

interface Filters {
  status?: string
  modelType?: string
  pipeline?: string
  before?: string
  limit: number
}

export async function mlJobList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<Filters>(invocation, command =>
    command
      .option(
        '--status <status>',
        'queued, preparing, running, finalizing, canceling, completed, failed or cancelled',
      )
      .option('--model-type <name>', 'that register a version of this model')
      .option('--pipeline <name>', 'of this published pipeline')
      .option('--before <job>', 'older than this one: the next page')
      .option('--limit <n>', 'at most so many', positiveInteger, 30),
  )
  const { status, modelType, pipeline, before, limit } = options
  const query = { status, modelType, pipeline, before, limit }
  return show(
    invocation,
    await connect(invocation.config).get<MlJobSummary[]>('/api/ml/jobs', query),
    jobTable,
  )
}
