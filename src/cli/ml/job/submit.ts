import { randomBytes } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { UserError } from '#errors.ts'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { localInputs } from '../../local-inputs.ts'
import { nameAndValue, parse } from '../../options.ts'
import { showJob } from './follow.ts'

interface Options {
  file?: string
  name?: string
  input?: Record<string, string>
  wait?: true
}

export async function mlJobSubmit(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<Options>(invocation, command =>
    command
      .argument('[pipeline]', 'a published pipeline: name, name:version or name@latest')
      .option('--file <pipeline.yml>', 'publish this file and submit it; <pipeline> is then its name')
      .option('--name <job>', 'of the job: the same request under the same name is the same job')
      .option('--input <name=value>', 'an input of the pipeline; may be repeated', nameAndValue)
      .option('--wait', 'wait until the job has ended; exit code 3 when it failed'),
  )
  const [pipeline] = args
  const request = {
    job: options.name ?? `${nameOf(pipeline, options.file)}-${randomBytes(4).toString('hex')}`,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(options.file === undefined ? {} : { file: resolve(options.file) }),
    inputs: localInputs(options.input ?? {}),
  }
  const client = connect(invocation.config)
  const job = await client.post<MlJobDocument>('/api/ml/jobs', request)
  return showJob(invocation, client, job, options.wait === true)
}

/** What a job without a name is called after. */
function nameOf(pipeline: string | undefined, file: string | undefined): string {
  if (pipeline !== undefined) return pipeline.replace(/^azureml:/, '').replace(/[:@].*$/, '')
  if (file !== undefined) return basename(file).replace(/\.ya?ml$/, '')
  throw new UserError('usage', 'there is nothing to submit', {
    hint: 'give a published pipeline, or --file pipeline.yml',
  })
}
