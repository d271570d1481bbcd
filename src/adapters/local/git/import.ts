import { mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '#errors.ts'
import { BRANCH_REF } from './hooks.ts'
import { type Git, GitError } from './program.ts'

/** The source as it is recorded: a checked URL, or an existing folder's real path. Throws UserError. */
export async function normalSource(source: string): Promise<string> {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(source)) return checkedUrl(source)
  const path = await realpath(resolve(source)).catch(() => undefined)
  if (path === undefined || !(await stat(path)).isDirectory()) {
    throw new UserError('source-not-found', `there is no folder ${JSON.stringify(source)}`, {
      hint: 'Give the path of a repository or folder, or an https:// URL.',
    })
  }
  return path
}

/**
 * Copies the source's branches; one with a name that a push couldn't have is left out. A folder that isn't a git
 * repository becomes one commit on `main`, the same one for the same files.
 */
export async function importSource(git: Git, repository: string, source: string): Promise<void> {
  if (!source.includes('://') && !(await isRepository(git, source))) {
    return importFolder(git, repository, source)
  }
  const remote = await remoteBranches(git, source)
  if (remote.branches.length === 0) throw noCommits(source)
  const refspecs = remote.branches.map(ref => `+${ref}:${ref}`)
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--stdin']
  await transfer(source, () =>
    git.text(['fetch', ...flags, '--', source], {
      repository,
      env: TRANSPORTS,
      input: `${refspecs.join('\n')}\n`,
    }),
  )
  if (remote.head !== undefined) await git.text(['symbolic-ref', 'HEAD', remote.head], { repository })
}

/** What tools leave in folders; not part of what a person wrote. */
const LEFTOVERS = ['__pycache__/', '*.pyc', '.venv/', '.pytest_cache/', '.ruff_cache/', '.DS_Store', ''].join(
  '\n',
)

/** Fixed, so that the same files give the same commit. */
const IMPORTER = {
  GIT_AUTHOR_NAME: 'millwright',
  GIT_AUTHOR_EMAIL: 'noreply@millwright.invalid',
  GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'millwright',
  GIT_COMMITTER_EMAIL: 'noreply@millwright.invalid',
  GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z',
}

const TRANSPORTS = { GIT_ALLOW_PROTOCOL: 'file:https' }

function checkedUrl(source: string): string {
  const url = URL.canParse(source) ? new URL(source) : undefined
  if (url === undefined || !['https:', 'file:'].includes(url.protocol)) {
    throw new UserError('unsupported-source', `can't import from ${JSON.stringify(source)}`, {
      hint: 'Give an https:// or file:// URL, or the path of a clone.',
    })
  }
  if (url.username === '' && url.password === '') return source
  throw new UserError('secret-in-url', 'the URL holds a user name or password', {
    hint: 'Put credentials into ~/.netrc, or clone it yourself and give the path of the clone.',
  })
}

async function isRepository(git: Git, source: string): Promise<boolean> {
  const env = { GIT_CEILING_DIRECTORIES: dirname(source) }
  return (await git.run(['-C', source, 'rev-parse', '--git-dir'], { env })).exitCode === 0
}

async function remoteBranches(
  git: Git,
  source: string,
): Promise<{ branches: string[]; head: string | undefined }> {
  const args = ['ls-remote', '--quiet', '--symref', '--', source, 'HEAD', 'refs/heads/*']
  const lines = (await transfer(source, () => git.text(args, { env: TRANSPORTS }))).split('\n')
  const branches = lines.map(line => line.split('\t')[1] ?? '').filter(ref => BRANCH_REF.test(ref))
  const head = lines.map(line => /^ref: (\S+)\tHEAD$/.exec(line)?.[1]).find(ref => ref !== undefined)
  return { branches, head: head !== undefined && branches.includes(head) ? head : undefined }
}

async function transfer<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    const said = error.stderr.trim().split('\n').slice(0, 3).join(' ')
    throw new UserError('source-unreadable', `can't import from ${source}: ${said}`, {
      hint: 'Check that `git ls-remote` with this address works for the user who runs the server.',
      cause: error,
    })
  }
}

async function importFolder(git: Git, repository: string, folder: string): Promise<void> {
  const index = join(repository, 'import-index')
  const env = { GIT_INDEX_FILE: index, GIT_WORK_TREE: folder, ...IMPORTER }
  await mkdir(join(repository, 'info'), { recursive: true })
  await writeFile(join(repository, 'info', 'exclude'), LEFTOVERS)
  await git.text(['-C', folder, 'add', '--all'], { repository, env })
  if ((await git.list(['ls-files', '-z'], { repository, env })).length === 0) throw noCommits(folder)
  const tree = (await git.text(['write-tree'], { repository, env })).trim()
  const commit = (await git.text(['commit-tree', '-m', 'Import', tree], { repository, env })).trim()
  await git.text(['update-ref', 'refs/heads/main', commit], { repository })
  await rm(index)
}

function noCommits(source: string): UserError {
  return new UserError('no-commits', `there is nothing to import from ${source}: no files, no commits`, {
    hint: 'Commit something there first.',
  })
}
