import type { ImageDocument } from '#server/documents/image.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { imageView } from '../print/image.ts'
import { show } from '../print/show.ts'

export async function imageShow(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<image>', 'digest, at least 12 digits of it, or repository:tag'),
  )
  const image = await connect(invocation.config).get<ImageDocument>(api`/api/images/${args[0]!}`)
  return show(invocation, image, imageView)
}
