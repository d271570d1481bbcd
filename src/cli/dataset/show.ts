import { parseDatasetReference } from '#datasets/dataset.ts'
import { UserError } from '#errors.ts'
import type { DatasetDocument } from '#server/documents/dataset.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { datasetView } from '../print/dataset.ts'
import { show } from '../print/show.ts'

export async function datasetShow(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<name[:version]>', 'the dataset; without a version, its latest'),
  )
  const { name, version } = reference(args[0]!)
  const query = version === 'latest' ? {} : { version }
  const dataset = await connect(invocation.config).get<DatasetDocument>(api`/api/datasets/${name}`, query)
  return show(invocation, dataset, datasetView)
}

function reference(text: string): { name: string; version: number | 'latest' } {
  const found = parseDatasetReference(text)
  if (found) return found
  throw new UserError('invalid-dataset-reference', `'${text}' is not a dataset reference`, {
    hint: 'write name or name:version',
  })
}
