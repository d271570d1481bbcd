import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { StepExplanation } from '#ml-service/explain-step.ts'
import { api, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { stepExplanation } from '../print/explain-step.ts'
import { show } from '../print/show.ts'

export async function mlExplain(invocation: Invocation): Promise<ExitCode> {
  const { args } = parse(invocation, command =>
    command
      .argument('<job>', 'name of a job of the server, or the folder of one that `ml run` ran')
      .argument('<step>', 'name of the step'),
  )
  const [job = '', step = ''] = args
  return show(invocation, await explanation(invocation, job, step), stepExplanation)
}

async function explanation(invocation: Invocation, job: string, step: string): Promise<StepExplanation> {
  const { config } = invocation
  if (!existsSync(join(resolve(job), 'steps'))) {
    return connect(config).get<StepExplanation>(api`/api/ml/jobs/${job}/steps/${step}/explanation`)
  }
  const { explainStepOfFolder } = await import('#main/explain-step.ts')
  return explainStepOfFolder(config, resolve(job), step)
}
