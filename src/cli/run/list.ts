import type { RunDocument } from '#server/documents/run.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse, positiveInteger } from '../options.ts'
import { runTable } from '../print/run.ts'
import { show } from '../print/show.ts'

interface Filters {
  modelType?: string
  pipeline?: string
  status?: string
  commit?: string
  limit: number
}

export async function runList(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<Filters>(invocation, command =>
    command
      .option('--model-type <name>', 'of this model type')
      .option('--pipeline <pipeline>', 'pr, ci or cd')
      .option('--status <status>', 'queued, running, waiting, succeeded, failed or cancelled')
      .option('--commit <commit>', 'of this commit')
      .option('--limit <n>', 'at most so many', positiveInteger, 30),
  )
  const { modelType, pipeline, status, commit, limit } = options
  const query = { modelType, pipeline, status, commit, limit }
  return show(invocation, await connect(invocation.config).get<RunDocument[]>('/api/runs', query), runTable)
}
