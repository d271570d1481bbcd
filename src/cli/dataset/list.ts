import type { DatasetVersion } from '#datasets/dataset.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { datasetTable } from '../print/dataset.ts'
import { show } from '../print/show.ts'

export async function datasetList(invocation: Invocation): Promise<ExitCode> {
  parse(invocation, command => command)
  return show(
    invocation,
    await connect(invocation.config).get<DatasetVersion[]>('/api/datasets'),
    datasetTable,
  )
}
