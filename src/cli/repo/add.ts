import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { RepositoryDocument } from '#server/documents/repository.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { show } from '../print/show.ts'

export async function repoAdd(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ name?: string }>(invocation, command =>
    command
      .argument('<source>', 'path or URL of a git repository, or a folder')
      .option('--name <name>', "the repository's name; default: the last part of the source"),
  )
  const body = { source: absolute(args[0]!), ...(options.name === undefined ? {} : { name: options.name }) }
  const repository = await connect(invocation.config).post<RepositoryDocument>('/api/repositories', body)
  return show(invocation, repository, ({ name, url }, { colors }) =>
    [
      `${colors.green('✓')} ${colors.bold(name)}`,
      `  ${url}`,
      '',
      colors.dim(`git remote add millwright ${url}   then push a branch, or \`millwright pr open\``),
    ].join('\n'),
  )
}

/** Paths mean those of this folder, not of the server's. */
function absolute(source: string): string {
  return existsSync(source) ? resolve(source) : source
}
