import { UserError } from '#errors.ts'
import type { PlanDocument } from '#server/documents/plan.ts'
import { connect } from './client.ts'
import { askGit } from './git.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse } from './options.ts'
import { show, type View } from './print/show.ts'

export async function plan(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ repository?: string }>(invocation, command =>
    command
      .argument('<base..head>', 'commits or branches that the server has, e.g. main..qa or HEAD~1..HEAD')
      .option('--repository <name>', 'when the server has several'),
  )
  const [base, head] = await Promise.all(range(args[0]!).map(commitOf))
  const query = { base, head, repository: options.repository }
  return show(invocation, await connect(invocation.config).get<PlanDocument>('/api/plan', query), planView)
}

function range(text: string): [string, string] {
  const match = /^(.+?)\.{2,3}(.+)$/.exec(text)
  if (match) return [match[1]!, match[2]!]
  throw new UserError('usage', `'${text}' is not a range of commits`, { hint: 'write base..head' })
}

/** What only git here can know becomes a commit id; ids and branches are the server's to know. */
async function commitOf(revision: string): Promise<string> {
  const isLocal = /[~^@]|^HEAD$/.test(revision) || /^[0-9a-f]{4,39}$/.test(revision)
  if (!isLocal) return revision
  const commit = await askGit(['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`], '.')
  return commit ?? revision
}

const planView: View<PlanDocument> = (entries, { colors }) =>
  entries
    .map(({ modelType, affected, pipelines, reasons }) => {
      if (!affected) return `${colors.dim('–')} ${modelType}  ${colors.dim('not affected')}`
      const title = `${colors.green('●')} ${colors.bold(modelType)}  ${pipelines.join(' → ')}`
      return [title, ...reasons.map(({ path, because }) => `    ${path}  ${colors.dim(because)}`)].join('\n')
    })
    .join('\n')
