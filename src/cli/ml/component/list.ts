import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { componentTable } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'
import { componentRegistry } from './registry.ts'

export async function mlComponentList(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command => command.argument('[name]', 'only versions of this one'))
  const registry = await componentRegistry(invocation.config)
  return show(invocation, await registry.list(args[0]), componentTable)
}
