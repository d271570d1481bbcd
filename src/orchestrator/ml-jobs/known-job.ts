import type { Kysely } from 'kysely'
import { findJob, jobNames } from '#database/ml-jobs.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { NotFoundError } from '#errors.ts'
import { nearest } from '#model-types/nearest.ts'

/** Finds a job by name. Throws NotFoundError, with the name that was probably meant. */
export async function knownJob(db: Kysely<Database>, name: string): Promise<MlJobRow> {
  const row = await findJob(db, name)
  if (row) return row
  const meant = nearest(name, await jobNames(db))
  throw new NotFoundError('no-such-job', `there is no ML job '${name}'`, {
    hint: meant ? `did you mean '${meant}'?` : 'see `millwright ml job list`',
  })
}
