import type { RepositoryDocument } from '#server/documents/repository.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { show } from '../print/show.ts'
import { table } from '../print/table.ts'

export async function repoList(invocation: Invocation): Promise<ExitCode> {
  parse(invocation, command => command)
  const repositories = await connect(invocation.config).get<RepositoryDocument[]>('/api/repositories')
  return show(invocation, repositories, (rows, look) =>
    rows.length === 0
      ? look.colors.dim('no repositories; add one with `millwright repo add <path or url>`')
      : table(
          rows,
          [
            { title: 'repository', cell: row => row.name, paint: look.colors.bold },
            { title: 'git URL', cell: row => row.url },
          ],
          look,
        ),
  )
}
