import type { Kysely } from 'kysely'
import type { Database, MlJobRow } from '#database/schema.ts'
import { ConflictError } from '#errors.ts'
import type { MlService } from '#ports/ml-service.ts'
import { knownJob } from './known-job.ts'

/**
 * Cancels a job and returns when its work is gone; a cancelled job is cancelled already. Throws ConflictError when it
 * has ended otherwise, also meanwhile.
 */
export async function cancelJob(
  db: Kysely<Database>,
  cancel: MlService['cancel'],
  name: string,
): Promise<void> {
  refuseEnded(await knownJob(db, name))
  await cancel(name)
  refuseEnded(await knownJob(db, name))
}

function refuseEnded({ name, status }: MlJobRow): void {
  if (status !== 'completed' && status !== 'failed') return
  throw new ConflictError('job-has-ended', `ML job ${name} has ${status} already`, {
    hint: `see \`millwright ml job show ${name}\``,
  })
}
