import { connect } from './client.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse } from './options.ts'
import { show } from './print/show.ts'

export async function openapi(invocation: Invocation): Promise<ExitCode> {
  parse(invocation, command => command)
  const document = await connect(invocation.config).get<object>('/api/openapi.json')
  return show({ ...invocation, json: true }, document, () => '')
}
