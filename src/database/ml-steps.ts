import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

export interface StepRow {
  name: string
  position: number
  report: object
}

/** Makes a job's steps known before they begin; those that are known already stay as they are. */
export async function announceSteps(
  db: Kysely<Database>,
  job: string,
  steps: readonly StepRow[],
): Promise<void> {
  for (const rows of rowsAtOnce(job, steps)) {
    await db
      .insertInto('ml_steps')
      .values(rows)
      .onConflict(oc => oc.columns(['job', 'name']).doNothing())
      .execute()
  }
}

/** Keeps the latest state of steps, for live views and as the record of an ended job. */
export async function recordSteps(
  db: Kysely<Database>,
  job: string,
  steps: readonly StepRow[],
): Promise<void> {
  for (const rows of rowsAtOnce(job, steps)) {
    await db
      .insertInto('ml_steps')
      .values(rows)
      .onConflict(oc =>
        oc.columns(['job', 'name']).doUpdateSet(eb => ({
          report: eb.ref('excluded.report'),
          position: eb.ref('excluded.position'),
        })),
      )
      .execute()
  }
}

/** PostgreSQL takes at most 65,535 parameters in one statement. */
const AT_ONCE = 1000

function* rowsAtOnce(job: string, steps: readonly StepRow[]) {
  for (let from = 0; from < steps.length; from += AT_ONCE) {
    yield steps.slice(from, from + AT_ONCE).map(({ name, position, report }) => {
      return { job, name, position, report: JSON.stringify(report) }
    })
  }
}

/** Reports of a job's steps, in the order of the plan. */
export async function stepsOf(db: Kysely<Database>, job: string): Promise<object[]> {
  const query = db.selectFrom('ml_steps').select('report').where('job', '=', job).orderBy('position')
  return (await query.execute()).map(row => row.report)
}

export async function findStep(db: Kysely<Database>, job: string, name: string): Promise<object | undefined> {
  const query = db.selectFrom('ml_steps').select('report').where('job', '=', job).where('name', '=', name)
  return (await query.executeTakeFirst())?.report
}

/** How many steps of each job are in which state. */
export async function countSteps(
  db: Kysely<Database>,
  jobs: readonly string[],
): Promise<Map<string, Record<string, number>>> {
  const counts = new Map<string, Record<string, number>>(jobs.map(job => [job, {}]))
  if (jobs.length === 0) return counts
  const rows = await db
    .selectFrom('ml_steps')
    .select(eb => [
      'job',
      eb.fn.countAll<number>().as('count'),
      eb
        .ref('report', '->>')
        .key('status' as never)
        .as('status'),
    ])
    .where('job', 'in', jobs)
    .groupBy(['job', 'status'])
    .execute()
  for (const { job, status, count } of rows) counts.get(job)![String(status)] = Number(count)
  return counts
}
