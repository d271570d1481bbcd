import { resolve } from 'node:path'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { componentView } from '../../print/ml-pipeline.ts'
import { show } from '../../print/show.ts'
import { componentRegistry } from './registry.ts'

export async function mlComponentRegister(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ name?: string; version?: string }>(invocation, command =>
    command
      .argument('<file>', 'a command or pipeline component file')
      .option('--name <name>', 'default: what the file says')
      .option('--version <version>', 'default: what the file says, or else the next integer'),
  )
  const { name, version } = options
  const registry = await componentRegistry(invocation.config)
  return show(invocation, await registry.register(resolve(args[0]!), { name, version }), componentView)
}
