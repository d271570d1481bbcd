import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NotFoundError, UserError } from '#errors.ts'
import type { Git } from './program.ts'

const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const COMMIT = /^[0-9a-f]{40}$/
const BRANCH = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,200}$/

/** Folder of the bare repository. Throws UserError for a hostile name. */
export function repositoryPath(directory: string, name: string): string {
  if (NAME.test(name)) return join(directory, `${name}.git`)
  throw new UserError('invalid-name', `${JSON.stringify(name)} can't be the name of a repository`, {
    hint: 'Use at most 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit.',
  })
}

/** Like {@link repositoryPath}, for a repository that must be there. */
export function existingRepository(directory: string, name: string): string {
  const path = repositoryPath(directory, name)
  if (existsSync(path)) return path
  throw new NotFoundError('unknown-repository', `there is no repository \`${name}\``, {
    hint: 'See `millwright repo list`, or add it with `millwright repo add <path or url>`.',
  })
}

/** Throws UserError unless the text is a full commit id that the repository has. */
export async function requireCommit(git: Git, repository: string, commit: string): Promise<void> {
  if (!COMMIT.test(commit)) {
    throw new UserError('invalid-commit', `${JSON.stringify(commit)} is not a full commit id`, {
      hint: 'Give all 40 digits, as printed by `git rev-parse`.',
    })
  }
  const found = await git.run(['cat-file', '-e', `${commit}^{commit}`], { repository })
  if (found.exitCode !== 0) {
    throw new NotFoundError('unknown-commit', `there is no commit ${commit}`, { hint: 'Push it first.' })
  }
}

/** The commit that a branch points at. Throws NotFoundError. */
export async function branchTip(git: Git, repository: string, branch: string): Promise<string> {
  const found = BRANCH.test(branch) ? await refCommit(git, repository, `refs/heads/${branch}`) : null
  if (found !== null) return found
  throw new NotFoundError('unknown-branch', `there is no branch ${JSON.stringify(branch)}`, {
    hint: 'Push it first.',
  })
}

/** The commit that a full ref name points at, or null. */
export async function refCommit(git: Git, repository: string, ref: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  const found = await git.run(args, { repository })
  return found.exitCode === 0 ? found.stdout.trim() : null
}

/** Commits by full ref name, for refs under the given prefixes. */
export async function refsUnder(
  git: Git,
  repository: string,
  prefixes: readonly string[],
): Promise<Record<string, string>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', '--', ...prefixes]
  const lines = (await git.text(args, { repository })).split('\n').filter(line => line !== '')
  return Object.fromEntries(lines.map(line => [line.slice(41), line.slice(0, 40)]))
}
