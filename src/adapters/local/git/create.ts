import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ConflictError } from '#errors.ts'
import { checkOut } from './checkout.ts'
import { installHooks } from './hooks.ts'
import { importSource, normalSource } from './import.ts'
import type { Git } from './program.ts'
import { refCommit } from './repository.ts'

/**
 * Makes the bare repository at `path`, with the source's branches when one is given and when `check` accepts the files
 * of `main`. It appears at once, complete, by a rename. Does nothing when it exists with the same source (or none is
 * given); throws ConflictError for another.
 */
export async function createRepository(
  git: Git,
  path: string,
  source: string | undefined,
  check: (folder: string) => Promise<void> = async () => {},
): Promise<void> {
  const origin = source === undefined ? undefined : await normalSource(source)
  if (existsSync(path)) return requireSameSource(git, path, origin)
  await mkdir(join(path, '..'), { recursive: true })
  const draft = await mkdtemp(join(path, '..', '.new-'))
  try {
    await initialise(git, draft, origin)
    if (origin !== undefined) await importSource(git, draft, origin)
    await checkMain(git, draft, check)
    await publish(git, draft, path, origin)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function initialise(git: Git, draft: string, origin: string | undefined): Promise<void> {
  await git.text(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '--', draft])
  const settings = origin === undefined ? SETTINGS : `${SETTINGS}[millwright]\n\tsource = ${quoted(origin)}\n`
  await writeFile(join(draft, 'config'), settings)
  await installHooks(draft)
}

/**
 * Pushes are checked for malformed trees, made durable, and run our hooks whatever hooks the pusher's own settings
 * name; what a run was made from is never collected.
 */
const SETTINGS = `[core]
	repositoryFormatVersion = 0
	fileMode = true
	bare = true
	logAllRefUpdates = true
	fsync = committed,reference
	hooksPath = hooks
[transfer]
	fsckObjects = true
	hideRefs = refs/millwright
[receive]
	autoGc = false
	denyDeleteCurrent = refuse
[gc]
	auto = 0
	pruneExpire = never
`

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`
}

async function checkMain(git: Git, draft: string, check: (folder: string) => Promise<void>): Promise<void> {
  const main = await refCommit(git, draft, 'refs/heads/main')
  if (main === null) return
  const folder = join(draft, 'check')
  await checkOut(git, draft, main, folder)
  await check(folder)
  await rm(folder, { recursive: true })
}

async function publish(git: Git, draft: string, path: string, origin: string | undefined): Promise<void> {
  try {
    await rename(draft, path)
  } catch (error) {
    if (!existsSync(path)) throw error
    await requireSameSource(git, path, origin)
  }
}

async function requireSameSource(git: Git, path: string, origin: string | undefined): Promise<void> {
  const recorded = await git.run(['config', '--local', '--get', 'millwright.source'], { repository: path })
  const known = recorded.stdout.replace(/\n$/, '')
  if (origin === undefined || origin === known) return
  const name = basename(path, '.git')
  const from = known === '' ? 'without a source' : `from ${known}`
  throw new ConflictError('repository-exists', `a repository \`${name}\` exists already, ${from}`, {
    hint: 'Choose another name for this one.',
  })
}
