import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Kysely } from 'kysely'
import type { Database, PublishedPipelineRow } from '#database/schema.ts'
import { filesDigest } from '#models/digest.ts'
import type { TreeFile } from '#ports/pipeline-runner.ts'
import { fileDigest } from './file-digest.ts'

/** What is kept of a published pipeline beside its files. */
export interface PipelineManifest {
  pipelineFile: string
  files: string[]
}

/**
 * Keeps a copy of the files under their common digest and gives it the name's next version, or finds the version that
 * has this content. Safe when several do it at once.
 */
export async function publishTree(
  options: { db: Kysely<Database>; pipelines: string },
  { name, pipelineFile, files }: { name: string; pipelineFile: string; files: readonly TreeFile[] },
): Promise<PublishedPipelineRow> {
  const digested = []
  for (const { path, from } of files) digested.push({ path, ...(await fileDigest(from)) })
  const digest = filesDigest(digested)
  await copyOnce(files, publishedFolder(options.pipelines, digest))
  const manifest: PipelineManifest = { pipelineFile, files: files.map(file => file.path) }
  await options.db
    .insertInto('published_pipelines')
    .values({ name, digest, manifest: JSON.stringify(manifest) })
    .onConflict(oc => oc.columns(['name', 'digest']).doNothing())
    .execute()
  return options.db
    .selectFrom('published_pipelines')
    .selectAll()
    .where('name', '=', name)
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
}

export function publishedFolder(pipelines: string, digest: string): string {
  return join(pipelines, digest.replace(':', '-'))
}

async function copyOnce(files: readonly TreeFile[], target: string): Promise<void> {
  if (existsSync(target)) return
  const partial = `${target}.${randomUUID()}.partial`
  await copyTree(files, partial)
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }))
}

/** Copies files to their paths below a folder. */
export async function copyTree(files: readonly TreeFile[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { path, from } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await copyFile(from, join(folder, path))
  }
}
