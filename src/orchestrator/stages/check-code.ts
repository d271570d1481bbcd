import { StageFailure } from '#errors.ts'
import { runCheck } from './run-check.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** `code-quality`: the model type's lint command must exit with 0. */
export async function checkCode(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const declaration = await ports.readModelType(input.source, input.modelType)
  const { checks } = declaration.modelType
  const exitCode = await runCheck(checks.lint, declaration, input, ports)
  if (exitCode !== 0) {
    throw new StageFailure(`'${checks.lint}' exited with ${exitCode}`, {
      hint: 'its findings are in the log of this stage',
    })
  }
  return { summary: `'${checks.lint}' found nothing`, detail: { command: checks.lint } }
}
