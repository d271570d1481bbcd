import { randomUUID } from 'node:crypto'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { api, connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { showJob } from './follow.ts'

export async function mlJobRetry(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ idempotencyKey?: string; wait?: true }>(invocation, command =>
    command
      .argument('<job>', 'name of a job that failed or was cancelled')
      .option('--idempotency-key <key>', 'a second retry with the same key finds the first')
      .option('--wait', 'wait until the job has ended; exit code 3 when it failed again'),
  )
  const key = options.idempotencyKey ?? randomUUID()
  const client = connect(invocation.config)
  const path = api`/api/ml/jobs/${args[0]!}/retry`
  const job = await client.post<MlJobDocument>(path, {}, { 'idempotency-key': key })
  return showJob(invocation, client, job, options.wait === true)
}
