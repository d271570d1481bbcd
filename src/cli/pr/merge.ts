import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import { api, connect, withQuery } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { pullRequestView } from '../print/pull-request.ts'
import { show } from '../print/show.ts'

export async function prMerge(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ repository?: string }>(invocation, command =>
    command
      .argument('<number>', 'number of the pull request')
      .option('--repository <name>', 'when the server has several'),
  )
  const path = withQuery(api`/api/pull-requests/${args[0]!}/merge`, { repository: options.repository })
  const pr = await connect(invocation.config).post<PullRequestDocument>(path)
  return show(invocation, pr, pullRequestView)
}
