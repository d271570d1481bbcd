import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { datastorePlace, isUrl } from './datastore-path.ts'
import type { JobContext, StepOutput } from './job-context.ts'

/**
 * Puts outputs that have a datastore path of their own into the datastore, as a blob store does: each file replaces the
 * one of its name at once, others stay. They are copies (copy-on-write where the file system can), so that whoever
 * changes them doesn't change the job's. May be called twice.
 */
export async function publishOutputs(job: JobContext, outputs: Record<string, StepOutput>): Promise<void> {
  const { datastores } = job.request
  if (!datastores?.publish) return
  for (const { path } of Object.values(outputs)) {
    const place = path.startsWith(`datastores${sep}`) ? datastorePlace(datastores, path) : undefined
    if (place !== undefined && !isUrl(place)) await publish(join(job.folder.root, path), place)
  }
}

/** Links and special files stay behind: where they lead is known to the step alone. */
async function publish(from: string, to: string): Promise<void> {
  const found = await lstat(from)
  if (found.isFile()) return replace(from, to)
  if (!found.isDirectory()) return
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) await publish(join(from, name), join(to, name))
}

async function replace(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const unfinished = join(dirname(to), `.${basename(to).slice(0, 100)}.${randomBytes(6).toString('hex')}`)
  try {
    await copyFile(from, unfinished, constants.COPYFILE_FICLONE)
    await rename(unfinished, to)
  } finally {
    await rm(unfinished, { force: true })
  }
}
