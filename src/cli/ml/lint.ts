import { resolve } from 'node:path'
import { Option } from 'commander'
import type { Problem } from '#ml-service/plan.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { problemList } from '../print/problems.ts'
import { show } from '../print/show.ts'

interface Lint {
  valid: boolean
  problems: Problem[]
}

export async function mlLint(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ for: 'local' | 'azureml' }>(invocation, command =>
    command
      .argument('<file>', 'an Azure ML CLI v2 pipeline, job or component file')
      .addOption(
        new Option('--for <target>', 'where it shall run').choices(['local', 'azureml']).default('local'),
      ),
  )
  const { lintWithComponents } = await import('#main/ml-components.ts')
  const lint: Lint = lintWithComponents(invocation.config, resolve(args[0]!), options.for)
  show(invocation, lint, problemList)
  return lint.valid ? 0 : 2
}
