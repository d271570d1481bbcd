import { resolve } from 'node:path'
import type { CodeHost } from '#ports/code-host.ts'
import { checkOut } from './git/checkout.ts'
import { createRepository } from './git/create.ts'
import { mergeIntoBranch } from './git/merge.ts'
import { type Git, gitProgram } from './git/program.ts'
import { existingRepository, refsUnder, repositoryPath, requireCommit } from './git/repository.ts'

/**
 * Bare git repositories that the server owns, `<directory>/<name>.git`. Users push to that path; their pushes, imports
 * and merges are found by {@link localDeliveries}. `gitEnv` is what git may inherit: PATH, HOME, proxies.
 */
export function localCodeHost(options: {
  directory: string
  gitEnv: Readonly<Record<string, string>>
}): CodeHost {
  const directory = resolve(options.directory)
  const git = gitProgram(directory, options.gitEnv)
  return {
    async create(name, source, check) {
      const path = repositoryPath(directory, name)
      await createRepository(git, path, source, check)
      return { name, url: path }
    },
    async refs(name) {
      return refsUnder(git, existingRepository(directory, name), ['refs/heads/', 'refs/for/'])
    },
    async changedFiles(name, base, head) {
      return changedFiles(git, existingRepository(directory, name), base, head)
    },
    async checkout(name, commit, target) {
      const repository = existingRepository(directory, name)
      await requireCommit(git, repository, commit)
      const written = checkOut(git, repository, commit, resolve(target))
      const [described] = await Promise.all([describe(git, repository, commit), written])
      return described
    },
    async merge(name, merge) {
      const repository = existingRepository(directory, name)
      return mergeIntoBranch(git, repository, merge)
    },
  }
}

/** A rename gives both paths, a deletion the old one. */
async function changedFiles(
  git: Git,
  repository: string,
  base: string | null,
  head: string,
): Promise<string[]> {
  const ends = base === null ? [head] : [head, base]
  await Promise.all(ends.map(commit => requireCommit(git, repository, commit)))
  if (base === null)
    return git.list(['ls-tree', '-r', '-z', '--name-only', '--full-tree', head], { repository })
  const common = await git.run(['merge-base', base, head], { repository })
  const from = common.exitCode === 0 ? common.stdout.trim() : base
  return git.list(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, head], { repository })
}

async function describe(
  git: Git,
  repository: string,
  commit: string,
): Promise<{ committedAt: string; subject: string }> {
  const args = ['show', '--no-patch', '--no-show-signature', '--format=%ct%n%s', '--end-of-options', commit]
  const [seconds, subject = ''] = (await git.text(args, { repository })).split('\n')
  return { committedAt: new Date(Number(seconds) * 1000).toISOString(), subject }
}
