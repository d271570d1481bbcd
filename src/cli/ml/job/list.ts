import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse, positiveInteger } from '../../options.ts'
import { jobTable } from '../../print/ml-job.ts'
import { show } from '../../print/show.ts'

export async function mlJobList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<{ limit: number }>(invocation, command =>
    command.option('--limit <n>', 'at most so many', positiveInteger, 30),
  )
  const query = { limit: options.limit }
  return show(
    invocation,
    await connect(invocation.config).get<MlJobDocument[]>('/api/ml/jobs', query),
    jobTable,
  )
}
