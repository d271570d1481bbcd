import { ConflictError } from '#errors.ts'
import { whileMoving, writeDelivery } from './delivery-files.ts'
import { type Git, GitError } from './program.ts'
import { branchTip, requireCommit } from './repository.ts'

export interface Merge {
  branch: string
  expected: string
  head: string
  message: string
}

/** See the port. Works in the bare repository: nothing is checked out, and the branch moves by compare-and-swap. */
export async function mergeIntoBranch(git: Git, repository: string, merge: Merge): Promise<string> {
  await requireCommit(git, repository, merge.head)
  await requireCommit(git, repository, merge.expected)
  const tip = await branchTip(git, repository, merge.branch)
  if (await contains(git, repository, tip, merge.head)) return tip
  if (tip !== merge.expected) throw movedBranch(merge)
  const tree = await mergedTree(git, repository, merge)
  const commit = await commitTree(git, repository, merge, tree)
  return whileMoving(repository, () => moveBranch(git, repository, merge, commit))
}

/** Names files in the order in which git reports them. */
async function mergedTree(git: Git, repository: string, merge: Merge): Promise<string> {
  const args = [
    'merge-tree',
    '--write-tree',
    '-z',
    '--name-only',
    '--no-messages',
    merge.expected,
    merge.head,
  ]
  const result = await git.run(args, { repository })
  const [tree, ...files] = result.stdout.split('\0').filter(entry => entry !== '')
  if (result.exitCode === 0 && tree !== undefined) return tree
  if (result.exitCode === 1) throw conflict(merge, [...new Set(files)])
  if (/unrelated histories/.test(result.stderr)) throw unrelated(merge)
  throw new GitError(args, result)
}

async function commitTree(git: Git, repository: string, merge: Merge, tree: string): Promise<string> {
  const message = merge.message.replaceAll('\0', '').trim() || `Merge ${merge.head} into ${merge.branch}`
  const args = ['commit-tree', '-p', merge.expected, '-p', merge.head, '-F', '-', tree]
  return (await git.text(args, { repository, env: COMMITTER, input: `${message}\n` })).trim()
}

const COMMITTER = {
  GIT_AUTHOR_NAME: 'Millwright',
  GIT_AUTHOR_EMAIL: 'noreply@millwright.invalid',
  GIT_COMMITTER_NAME: 'Millwright',
  GIT_COMMITTER_EMAIL: 'noreply@millwright.invalid',
}

async function moveBranch(git: Git, repository: string, merge: Merge, commit: string): Promise<string> {
  const ref = `refs/heads/${merge.branch}`
  const moved = await git.run(['update-ref', '-m', 'millwright merge', '--', ref, commit, merge.expected], {
    repository,
    env: COMMITTER,
  })
  if (moved.exitCode === 0) {
    await writeDelivery(repository, [{ ref, before: merge.expected, after: commit }])
    return commit
  }
  const tip = await branchTip(git, repository, merge.branch)
  if (await contains(git, repository, tip, merge.head)) return tip
  throw movedBranch(merge)
}

async function contains(git: Git, repository: string, tip: string, commit: string): Promise<boolean> {
  return (await git.run(['merge-base', '--is-ancestor', commit, tip], { repository })).exitCode === 0
}

function movedBranch(merge: Merge): ConflictError {
  const message = `the branch ${merge.branch} has moved on from ${merge.expected}`
  return new ConflictError('branch-moved', message, { hint: 'Validate against the new tip and merge again.' })
}

function conflict(merge: Merge, files: readonly string[]): ConflictError {
  const message = `merging into ${merge.branch} conflicts in ${files.join(', ')}`
  const hint = `Rebase onto ${merge.branch}, resolve the conflict and push again.`
  return new ConflictError('merge-conflict', message, { place: files[0] ? { file: files[0] } : {}, hint })
}

function unrelated(merge: Merge): ConflictError {
  const message = `${merge.head} has no commit in common with ${merge.branch}`
  return new ConflictError('unrelated-histories', message, { hint: `Start the change from ${merge.branch}.` })
}
