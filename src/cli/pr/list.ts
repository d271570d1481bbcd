import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { pullRequestTable } from '../print/pull-request.ts'
import { show } from '../print/show.ts'

export async function prList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<{ repository?: string }>(invocation, command =>
    command.option('--repository <name>', 'only of this repository'),
  )
  const query = { repository: options.repository }
  const list = await connect(invocation.config).get<PullRequestDocument[]>('/api/pull-requests', query)
  return show(invocation, list, pullRequestTable)
}
