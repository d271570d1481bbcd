import type { Kysely } from 'kysely'
import type { Database, ImageRow } from '#database/schema.ts'
import { NotFoundError, UserError } from '#errors.ts'
import type { ValidationReport } from '#packaging/image.ts'

/** An inference image as the API and `--json` show it (design §8). */
export interface ImageDocument {
  digest: string
  repository: string
  tags: string[]
  modelType: string
  modelVersion: number
  commit: string
  buildId: number
  /** The CD run that pushed it. */
  run: string
  /** Digest of the CI artifact that its code comes from. */
  artifact: string
  size: number
  validation: ValidationReport
  attestations: unknown[]
  createdAt: string
}

/** Newest first. */
export async function imageDocuments(
  db: Kysely<Database>,
  filter: { modelType?: string | undefined; modelVersion?: number | undefined; limit: number },
): Promise<ImageDocument[]> {
  let query = db.selectFrom('images').selectAll().orderBy('created_at', 'desc').limit(filter.limit)
  if (filter.modelType !== undefined) query = query.where('model_type', '=', filter.modelType)
  if (filter.modelVersion !== undefined) query = query.where('model_version', '=', filter.modelVersion)
  return documents(db, await query.execute())
}

/**
 * Finds an image by `sha256:…`, by at least 12 hex digits of its digest, or by `repository:tag`. Throws NotFoundError,
 * and UserError when the digits fit several.
 */
export async function imageDocument(db: Kysely<Database>, reference: string): Promise<ImageDocument> {
  const digits = /^(?:sha256:)?([0-9a-f]{12,64})$/.exec(reference)?.[1]
  const rows = digits === undefined ? await byTag(db, reference) : await byDigits(db, digits)
  if (rows.length > 1) {
    throw new UserError('ambiguous-digest', `several images begin with ${reference}`, {
      hint: 'give more digits',
    })
  }
  if (rows.length === 1) return (await documents(db, rows))[0]!
  throw new NotFoundError('no-such-image', `there is no image '${reference}'`, {
    hint: 'give a digest, at least 12 digits of it, or repository:tag; see `millwright image list`',
  })
}

function byDigits(db: Kysely<Database>, digits: string): Promise<ImageRow[]> {
  return db.selectFrom('images').selectAll().where('digest', 'like', `sha256:${digits}%`).limit(2).execute()
}

function byTag(db: Kysely<Database>, reference: string): Promise<ImageRow[]> {
  const [repository = '', tag = ''] = reference.split(':')
  return db
    .selectFrom('image_tags')
    .innerJoin('images', 'images.digest', 'image_tags.digest')
    .selectAll('images')
    .where('image_tags.repository', '=', repository)
    .where('image_tags.tag', '=', tag)
    .execute()
}

async function documents(db: Kysely<Database>, rows: ImageRow[]): Promise<ImageDocument[]> {
  if (rows.length === 0) return []
  const digests = rows.map(row => row.digest)
  const tags = await db
    .selectFrom('image_tags')
    .selectAll()
    .where('digest', 'in', digests)
    .orderBy('tag')
    .execute()
  return rows.map(row =>
    document(
      row,
      tags.filter(tag => tag.digest === row.digest).map(({ tag }) => tag),
    ),
  )
}

function document(row: ImageRow, tags: string[]): ImageDocument {
  const { digest, repository, commit, run, artifact, size } = row
  return {
    ...{ digest, repository, tags, modelType: row.model_type, modelVersion: row.model_version },
    ...{ commit, buildId: row.build_id, run, artifact, size },
    validation: row.validation as ValidationReport,
    attestations: [],
    createdAt: row.created_at.toISOString(),
  }
}
