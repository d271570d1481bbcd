import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { api, connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { jobView } from '../../print/ml-job.ts'
import { show } from '../../print/show.ts'

export async function mlJobCancel(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('<job>', 'name of the job'))
  const job = await connect(invocation.config).post<MlJobDocument>(api`/api/ml/jobs/${args[0]!}/cancel`)
  return show(invocation, job, jobView)
}
