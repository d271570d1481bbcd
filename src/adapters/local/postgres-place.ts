import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '#errors.ts'
import { type Account, canReach, firstBarrier } from './postgres-account.ts'

/**
 * Folder for everything that PostgreSQL's account must reach: `home` where possible, else a folder of the system that
 * is named after the home. A home that is closed to others but is root's own is opened to the account's group for
 * passing through (mode 0710), which shows nobody its contents.
 */
export async function choosePlace(home: string, account: Account | undefined): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (!account || (await canReach(account, home))) return home
  if ((await firstBarrier(account, home)) === home && (await openToGroup(home, account))) return home
  for (const base of ['/var/lib/millwright', join(tmpdir(), 'millwright')]) {
    const place = await ownFolder(base, hashOf(home)).catch(() => undefined)
    if (place && (await canReach(account, place))) return place
  }
  throw new UserError('no-place-for-postgres', `PostgreSQL's account ${account.name} can't reach ${home}`, {
    hint: 'Put MILLWRIGHT_HOME where other users may pass through, or set DATABASE_URL.',
  })
}

async function openToGroup(home: string, account: Account): Promise<boolean> {
  const { uid, mode } = await stat(home)
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return false
  await chown(home, uid, account.gid)
  await chmod(home, 0o710)
  return canReach(account, home)
}

/** Refuses a folder that somebody else made beforehand (the system's temporary folder is open to all). */
async function ownFolder(base: string, name: string): Promise<string> {
  for (const folder of [base, join(base, name)]) {
    await mkdir(folder, { recursive: true, mode: 0o711 })
    const found = await lstat(folder)
    if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${folder} isn't ours`)
  }
  return join(base, name)
}

function hashOf(home: string): string {
  return createHash('sha256').update(home).digest('hex').slice(0, 16)
}
