import { existsSync } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '#config.ts'
import { size } from '../print/identity.ts'
import type { Finding } from './checks.ts'
import { failed, ok, warning } from './finding.ts'

/** Python environments with the usual packages take 1 to 2 GB; training data comes on top. */
const LEAST_BYTES = 3e9

export async function checkHome({ home }: Config): Promise<Finding> {
  const folder = existing(home)
  const hint = 'set MILLWRIGHT_HOME to a folder that you own'
  if (!(await stat(folder)).isDirectory()) return failed('home', `${folder} is not a folder`, hint)
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return ok('home', folder === home ? home : `${home}, made at the first start`)
  } catch {
    return failed('home', `${home} can't be written`, hint)
  }
}

export async function checkDisk({ home }: Config): Promise<Finding> {
  const { bavail, bsize } = await statfs(existing(home))
  const free = bavail * bsize
  if (free >= LEAST_BYTES) return ok('disk', `${size(free)} free`)
  const hint = `free some space where ${home} is, or set MILLWRIGHT_HOME to a larger disk`
  return warning('disk', `only ${size(free)} free`, hint)
}

/** The path, or the nearest folder above it that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path))
}
