import type { ModelDocument } from '#server/documents/model.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { modelView } from '../print/model.ts'
import { show } from '../print/show.ts'

export async function modelShow(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<name[:version]>', 'the model; without a version, its newest'),
  )
  const [name, version] = splitAtLast(args[0]!)
  const model = await connect(invocation.config).get<ModelDocument>(api`/api/models/${name}`, { version })
  return show(invocation, model, modelView)
}

function splitAtLast(text: string): [string, string | undefined] {
  const at = text.lastIndexOf(':')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
