import { resolve } from 'node:path'
import type { JobReport } from '#ml-service/job.ts'
import { interrupted } from '../interrupt.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { nameAndValue, parse } from '../options.ts'
import { jobResult } from '../print/ml-job.ts'
import { printable } from '../print/printable.ts'
import { show } from '../print/show.ts'
import { stepProgress } from '../print/step-progress.ts'

interface Options {
  input?: Record<string, string>
  outputDir?: string
  environments?: string
  force?: true
}

export async function mlRunCommand(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<Options>(invocation, command =>
    command
      .argument('<file>', 'an Azure ML CLI v2 pipeline file')
      .option('--input <name=value>', 'an input of the pipeline; may be repeated', nameAndValue)
      .option('--output-dir <folder>', "where the job's files go; default: a new temporary one")
      .option('--environments <file>', 'YAML file with the map from environment names to requirements')
      .option('--force', 'run every step, also those that could be reused'),
  )
  const { mlRun } = await import('#main/ml-run.ts')
  const report: JobReport = await mlRun({
    config: invocation.config,
    file: resolve(args[0]!),
    inputs: options.input ?? {},
    outputDir: options.outputDir === undefined ? undefined : resolve(options.outputDir),
    environments: options.environments === undefined ? undefined : resolve(options.environments),
    force: options.force === true,
    onStep: stepProgress(invocation.terminal),
    onProgress: line => invocation.terminal.err(`${printable(line)}\n`),
    signal: interrupted(),
  })
  show(invocation, report, jobResult)
  return report.status === 'completed' ? 0 : report.status === 'cancelled' ? 130 : 3
}
