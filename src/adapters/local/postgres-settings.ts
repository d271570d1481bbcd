import { randomBytes } from 'node:crypto'
import { access, link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UserError } from '#errors.ts'
import { freePort } from '#ml-service/executor/free-port.ts'

/** `<home>/postgres.json`, mode 0600: it holds the password. */
export interface ClusterSettings {
  /** Folder that holds the data directory; relative to the home when it is inside. */
  directory: string
  port: number
  password: string
}

/** Reads what the home records, or records a new place, port and password. Of several callers the first decides. */
export async function clusterSettings(home: string, place: string): Promise<ClusterSettings> {
  const file = settingsFile(home)
  const recorded = await readSettings(file)
  if (recorded) return recorded
  const directory = place === home ? 'postgres' : join(place, `postgres-${randomBytes(4).toString('hex')}`)
  await refuseForeignData(resolve(home, directory), file)
  const fresh = { directory, port: await freePort(), password: randomBytes(24).toString('hex') }
  const temporary = await writeTemporary(file, fresh)
  await link(temporary, file).catch(error => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary)
  return (await readSettings(file))!
}

/** Replaces what the home records. */
export async function recordSettings(home: string, settings: ClusterSettings): Promise<void> {
  await rename(await writeTemporary(settingsFile(home), settings), settingsFile(home))
}

function settingsFile(home: string): string {
  return join(home, 'postgres.json')
}

async function readSettings(file: string): Promise<ClusterSettings | undefined> {
  const text = await readFile(file, 'utf8').catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
  return text === undefined ? undefined : JSON.parse(text)
}

async function refuseForeignData(directory: string, file: string): Promise<void> {
  const taken = await access(join(directory, 'data', 'PG_VERSION')).then(
    () => true,
    () => false,
  )
  if (!taken) return
  throw new UserError(
    'postgres-settings-lost',
    `${directory} holds a database, but ${file} with its password is gone`,
    {
      hint: `Restore the file from a backup, or move ${directory} away to begin anew.`,
    },
  )
}

async function writeTemporary(file: string, content: ClusterSettings): Promise<string> {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return temporary
}
