import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { pullRequestView } from '../print/pull-request.ts'
import { show } from '../print/show.ts'

export async function prShow(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ repository?: string }>(invocation, command =>
    command
      .argument('<number>', 'number of the pull request')
      .option('--repository <name>', 'when the server has several'),
  )
  const query = { repository: options.repository }
  const client = connect(invocation.config)
  const pr = await client.get<PullRequestDocument>(api`/api/pull-requests/${args[0]!}`, query)
  return show(invocation, pr, pullRequestView)
}
