import { setImmediate } from 'node:timers/promises'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import type { Database } from '#database/schema.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { type StatusDocument, StatusSchema } from '../documents/status.ts'

const status = createRoute({
  method: 'get',
  path: '/api/status',
  summary: 'How the server and its workers stand',
  responses: answers(StatusSchema, 'The status'),
})

export function statusRoutes(app: OpenAPIHono, context: ServerContext): void {
  app.openapi(status, async c => c.json(await statusDocument(context), 200))
}

async function statusDocument({ o, version, tracking }: ServerContext): Promise<StatusDocument> {
  const [runs, mlJobs, workers, uri] = await Promise.all([
    countByStatus(o.db, 'runs'),
    countByStatus(o.db, 'ml_jobs'),
    o.db.selectFrom('workers').selectAll().orderBy('started_at').execute(),
    Promise.race([tracking().catch(() => null), setImmediate(null)]),
  ])
  return {
    version,
    database: 'ok',
    runs: { queued: runs.queued ?? 0, running: runs.running ?? 0, waiting: runs.waiting ?? 0 },
    mlJobs: { queued: mlJobs.queued ?? 0, running: othersThan('queued', mlJobs) },
    workers: workers.map(({ id, host, pid, started_at, heartbeat_at }) => ({
      ...{ id, host, pid },
      startedAt: started_at.toISOString(),
      heartbeatAt: heartbeat_at.toISOString(),
    })),
    tracking: uri === null ? null : { uri },
  }
}

function othersThan(status: string, counts: Record<string, number>): number {
  const others = Object.entries(counts).filter(([name]) => name !== status)
  return others.reduce((sum, [, count]) => sum + count, 0)
}

/** Of those that have not ended. */
async function countByStatus(
  db: Kysely<Database>,
  table: 'runs' | 'ml_jobs',
): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom(table)
    .select(['status', eb => eb.fn.countAll<number>().as('count')])
    .where('ended_at', 'is', null)
    .groupBy('status')
    .execute()
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
}
