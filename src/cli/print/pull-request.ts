import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import { shortCommit } from './identity.ts'
import type { Look, View } from './show.ts'
import { glyph, paintStatus } from './status.ts'
import { table } from './table.ts'

export const pullRequestTable: View<PullRequestDocument[]> = (rows, look) => {
  const { colors } = look
  if (rows.length === 0) return colors.dim('no pull requests; open one with `millwright pr open`')
  return table(
    rows,
    [
      { title: ' ', cell: () => '·', paint: (_, pr) => glyph(pr.status, colors) },
      { title: 'pr', cell: pr => String(pr.number), paint: text => colors.bold(text) },
      { title: 'title', cell: pr => pr.title, flexible: true },
      { title: 'status', cell: pr => pr.status, paint: (text, pr) => paintStatus(text, pr.status, colors) },
      { title: 'into', cell: pr => pr.target },
      { title: 'head', cell: pr => shortCommit(pr.head) },
      { title: 'checks', cell: pr => checks(pr) },
    ],
    look,
  )
}

export const pullRequestView: View<PullRequestDocument> = (pr, look) => {
  const { colors } = look
  const title = `${glyph(pr.status, colors)} ${colors.bold(`#${pr.number}`)} ${pr.title}  ${paintStatus(pr.status, pr.status, colors)}`
  const merged = pr.mergedAs === null ? '' : `, merged as ${shortCommit(pr.mergedAs)}`
  const where = colors.dim(`  ${shortCommit(pr.head)} into ${pr.target} of ${pr.repository}${merged}`)
  return [`${title}\n${where}`, checkTable(pr, look)].filter(Boolean).join('\n\n')
}

function checkTable({ checks }: PullRequestDocument, look: Look): string {
  const { colors } = look
  if (checks.length === 0) return ''
  return table(
    checks,
    [
      { title: ' ', cell: () => '·', paint: (_, check) => glyph(check.status, colors) },
      { title: 'model type', cell: check => check.modelType },
      {
        title: 'status',
        cell: check => check.status,
        paint: (t, check) => paintStatus(t, check.status, colors),
      },
      { title: 'run', cell: check => check.run ?? '' },
    ],
    look,
  )
}

function checks({ checks }: PullRequestDocument): string {
  return checks.map(check => `${check.modelType} ${check.status}`).join(', ')
}
