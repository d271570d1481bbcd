import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { componentView } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'
import { componentRegistry } from './registry.ts'

export async function mlComponentShow(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command.argument('<component>', 'name, name:version or name@latest'),
  )
  const registry = await componentRegistry(invocation.config)
  return show(invocation, await registry.find(args[0]!), componentView)
}
