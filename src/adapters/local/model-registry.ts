import type { Kysely } from 'kysely'
import type { Database } from '#database/schema.ts'
import { ConflictError, UserError } from '#errors.ts'
import { filesDigest } from '#models/digest.ts'
import type { ModelVersion } from '#models/version.ts'
import type { ModelRegistry, NewModel } from '#ports/model-registry.ts'
import { localChampions, lockModel } from './champions.ts'
import { contentFolders } from './content-folders.ts'
import { digestFolder } from './folder-copy.ts'
import {
  addProperties,
  insertNextVersion,
  lockJob,
  requireVersion,
  type StoredVersion,
  selectVersions,
  setTags,
  versionOfJob,
  withoutJob,
} from './model-rows.ts'

/**
 * Model versions in the folder `directory` (files, by content) and tables `model_versions` and `model_tags`. Versions
 * count from 1 without gaps. Tag `latest` (value `true`) is on the newest version, `best` as champions.ts has it.
 */
export function localModelRegistry(options: { db: Kysely<Database>; directory: string }): ModelRegistry {
  const { db } = options
  const folders = contentFolders(options.directory)
  return { register, versions, annotate, folder, champions: localChampions(db) }

  async function register(model: NewModel): Promise<ModelVersion> {
    refuseHostileName(model.name)
    refuseOwnTags(model.tags)
    const earlier = await versionOfJob(db, model.job)
    if (earlier) return theSame(earlier, model, await digestIfThere(model.folder))
    const { digest, files } = await folders.add(model.folder)
    if (files.length === 0)
      throw new UserError('empty-model', `the model folder of job ${model.job} is empty`)
    return db.transaction().execute(async transaction => {
      await lockJob(transaction, model.job)
      await lockModel(transaction, model.name)
      const raced = await versionOfJob(transaction, model.job)
      if (raced) return theSame(raced, model, digest)
      await insertNextVersion(transaction, model, digest)
      return withoutJob((await versionOfJob(transaction, model.job))!)
    })
  }

  async function versions(query: {
    model?: string
    version?: number
    job?: string
  }): Promise<ModelVersion[]> {
    let rows = selectVersions(db)
    if (query.model !== undefined) rows = rows.where('model', '=', query.model)
    if (query.version !== undefined) rows = rows.where('version', '=', query.version)
    if (query.job !== undefined) rows = rows.where('job', '=', query.job)
    return (await rows.execute()).map(withoutJob)
  }

  async function annotate(
    model: string,
    version: number,
    change: { tags?: Record<string, string>; properties?: Record<string, string> },
  ): Promise<void> {
    refuseOwnTags(change.tags ?? {})
    await db.transaction().execute(async transaction => {
      await lockModel(transaction, model)
      const found = await requireVersion(transaction, model, version)
      await addProperties(transaction, found, change.properties ?? {})
      await setTags(transaction, found, change.tags ?? {})
    })
  }

  async function folder(model: string, version: number): Promise<string> {
    const { digest } = await requireVersion(db, model, version)
    return folders.open(digest)
  }
}

function refuseHostileName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return
  throw new UserError('invalid-name', `${JSON.stringify(name)} can't be the name of a model`, {
    hint: 'Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit; at most 128.',
  })
}

function refuseOwnTags(tags: Record<string, string>): void {
  const own = ['latest', 'best'].find(key => key in tags)
  if (!own) return
  throw new UserError('reserved-tag', `tag ${own} is kept by the registry itself`, {
    hint: own === 'best' ? 'It moves with a promotion.' : 'It is on the newest version.',
  })
}

/** Undefined when the job's folder was cleaned up since: then the recorded version is the answer. */
async function digestIfThere(folder: string): Promise<string | undefined> {
  try {
    return filesDigest(await digestFolder(folder))
  } catch (error) {
    if (error instanceof UserError && error.code === 'path-not-found') return undefined
    throw error
  }
}

function theSame(recorded: StoredVersion, model: NewModel, digest: string | undefined): ModelVersion {
  if (recorded.model === model.name && (digest ?? recorded.digest) === recorded.digest) {
    return withoutJob(recorded)
  }
  const message = `job ${model.job} has registered ${recorded.model} version ${recorded.version} with other contents`
  throw new ConflictError('job-registered-already', message, {
    hint: 'A job registers one model; run a new job for a new one.',
  })
}
