import type { ModelDocument } from '#server/documents/model.ts'
import { connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { modelTable } from '../print/model.ts'
import { show } from '../print/show.ts'

export async function modelList(invocation: Invocation): Promise<ExitCode> {
  parse(invocation, command => command)
  return show(invocation, await connect(invocation.config).get<ModelDocument[]>('/api/models'), modelTable)
}
