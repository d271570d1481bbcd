import { resolve } from 'node:path'
import type { DatasetVersion } from '#datasets/dataset.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { datasetView } from '../print/dataset.ts'
import { show } from '../print/show.ts'

export async function datasetRegister(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command
      .argument('<name>', 'name of the dataset')
      .argument('<path>', "file or folder, on the server's machine; the same content is the same version"),
  )
  const [name, path] = args as [string, string]
  const body = { name, path: resolve(path) }
  return show(
    invocation,
    await connect(invocation.config).post<DatasetVersion>('/api/datasets', body),
    datasetView,
  )
}
