import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type CodeSnapshot, snapshotCode } from './code-snapshot.ts'

/**
 * The code as it was when the job began, kept in the job's folder: its author may go on editing while the job runs,
 * and a job that is resumed goes on with what it began with. Throws UserError when there is no code.
 */
export async function frozenCode(code: string, directory: string): Promise<CodeSnapshot> {
  const folder = join(directory, 'code', createHash('sha256').update(code).digest('hex').slice(0, 16))
  if (!existsSync(folder)) await freeze(code, folder)
  return snapshotCode(folder)
}

async function freeze(code: string, folder: string): Promise<void> {
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await (await snapshotCode(code)).copyTo(partial)
  await rename(partial, folder)
}
