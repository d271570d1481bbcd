import { execFile } from 'node:child_process'
import { access, chmod, chown, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '#errors.ts'
import { type Account, choosePostgresAccount } from './postgres-account.ts'
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts'
import { choosePlace } from './postgres-place.ts'
import { type ClusterSettings, clusterSettings, recordSettings } from './postgres-settings.ts'

/** An initialised data directory and all that is needed to run it. */
export interface Cluster {
  binaries: PostgresBinaries
  account: Account | undefined
  /** The data directory. */
  data: string
  log: string
  password: string
  readonly port: number
  /** Records another port in the home. */
  movePort(port: number): Promise<void>
}

export const SUPERUSER = 'millwright'
const run = promisify(execFile)

/** Finds the home's database cluster or makes it. What an interrupted earlier call left half-done is done again. */
export async function openCluster(home: string): Promise<Cluster> {
  const preferred = await choosePostgresAccount()
  const place = await choosePlace(home, preferred)
  const settings = await clusterSettings(home, place)
  const account = await accountOf(resolve(home, settings.directory), preferred)
  const binaries = await postgresBinaries(place, account)
  const data = join(resolve(home, settings.directory), 'data')
  await initialise(settings, data, { binaries, account, home })
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 })
  return {
    ...{ binaries, account, data, password: settings.password, log: join(home, 'logs', 'postgres.log') },
    get port() {
      return settings.port
    },
    async movePort(port) {
      settings.port = port
      await recordSettings(home, settings)
    },
  }
}

/** A data directory stays with the account that made it, also when root takes over an ordinary user's home. */
async function accountOf(directory: string, preferred: Account | undefined): Promise<Account | undefined> {
  const ours = process.getuid?.()
  const { uid, gid } = (await stat(directory).catch(() => undefined)) ?? {}
  if (uid === undefined || ours === undefined || uid === (preferred?.uid ?? ours)) return preferred
  if (ours === 0 && uid !== 0) return { name: `user ${uid}`, uid, gid: gid! }
  throw new UserError('database-of-another-user', `${directory} belongs to another user (${uid})`, {
    hint: 'Run Millwright as that user, or choose another MILLWRIGHT_HOME.',
  })
}

type Means = { binaries: PostgresBinaries; account: Account | undefined; home: string }

/** Initialises beside the final place and renames, so that a data directory is either complete or not there. */
async function initialise(settings: ClusterSettings, data: string, means: Means): Promise<void> {
  const directory = resolve(means.home, settings.directory)
  if (await isInitialised(data)) return await removeLeftovers(directory)
  await mkdir(directory, { recursive: true })
  await giveTo(means.account, directory)
  const workshop = await mkdtemp(join(directory, 'init-'))
  await giveTo(means.account, workshop)
  const passwordFile = join(workshop, 'password')
  await writeFile(passwordFile, settings.password, { mode: 0o600 })
  if (means.account) await chown(passwordFile, means.account.uid, means.account.gid)
  try {
    await initdb(join(workshop, 'data'), passwordFile, means)
    await rename(join(workshop, 'data'), data)
  } catch (error) {
    if (!(await isInitialised(data))) throw error // another process was faster
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

async function removeLeftovers(directory: string): Promise<void> {
  const leftovers = (await readdir(directory)).filter(name => name.startsWith('init-'))
  await Promise.all(leftovers.map(name => rm(join(directory, name), { recursive: true, force: true })))
}

async function initdb(data: string, passwordFile: string, { binaries, account }: Means): Promise<void> {
  const argv = [
    ...['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'],
    ...['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
  ]
  const identity = account ? { uid: account.uid, gid: account.gid } : {}
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  await run(binaries.initdb, argv, { ...identity, env, cwd: '/' }).catch(cause => {
    throw initdbError(String(cause.stderr || cause.message).trim(), cause)
  })
}

function initdbError(message: string, cause: unknown): Error {
  if (!message.includes('could not look up effective user ID')) {
    return new Error(`initdb failed: ${message}`, { cause })
  }
  return new UserError('no-such-user', 'PostgreSQL needs a user that has a name, and this one has none', {
    hint: 'Add the user to /etc/passwd (containers often run as a bare number), or set DATABASE_URL.',
    cause,
  })
}

async function giveTo(account: Account | undefined, folder: string): Promise<void> {
  if (account) await chown(folder, account.uid, account.gid)
  await chmod(folder, 0o700)
}

function isInitialised(data: string): Promise<boolean> {
  return access(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}
