import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '#errors.ts'

/** The system account that PostgreSQL runs as; undefined means our own. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/** In order of preference; none is ever created. */
const CANDIDATES = ['millwright', 'postgres', 'nobody']

/** PostgreSQL refuses to run as root, so root lends it an unprivileged account. Throws UserError when there is none. */
export async function choosePostgresAccount(
  uid: number | undefined = process.getuid?.(),
  passwd: string = '/etc/passwd',
): Promise<Account | undefined> {
  if (uid !== 0) return undefined
  const accounts = parsePasswd(await readFile(passwd, 'utf8').catch(() => ''))
  const account = CANDIDATES.map(name => accounts.find(a => a.name === name)).find(a => a && a.uid !== 0)
  if (account) return account
  throw new UserError(
    'no-postgres-account',
    'PostgreSQL refuses to run as root, and there is no other account',
    {
      hint: 'Run Millwright as an ordinary user, add a system user `millwright`, or set DATABASE_URL.',
    },
  )
}

/** Whether the account can pass through every folder on the way to `path` and through `path` itself. */
export async function canReach(account: Account | undefined, path: string): Promise<boolean> {
  return (await firstBarrier(account, path)) === undefined
}

/** The outermost folder on the way to `path` (itself included) that stops the account, or undefined. */
export async function firstBarrier(account: Account | undefined, path: string): Promise<string | undefined> {
  if (!account) return undefined
  for (const folder of [...ancestors(path), path]) {
    const found = await stat(folder).catch(() => undefined)
    if (found && !passable(account, found)) return folder
  }
  return undefined
}

function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap(line => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** Outermost first. */
function ancestors(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [...ancestors(parent), parent]
}

function passable(account: Account, folder: { uid: number; gid: number; mode: number }): boolean {
  if (folder.uid === account.uid) return (folder.mode & 0o100) !== 0
  if (folder.gid === account.gid) return (folder.mode & 0o010) !== 0
  return (folder.mode & 0o001) !== 0
}
