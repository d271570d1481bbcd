import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { Declaration, StageInput, StagePorts } from './stage.ts'

/**
 * Runs one of the model type's own check commands in its folder, in the Python environment made from its
 * requirements, with nothing of the server's environment but PATH and the like. Returns the exit code.
 */
export async function runCheck(
  command: string,
  { modelType, requirements }: Declaration,
  input: StageInput,
  ports: StagePorts,
  extraEnv: Record<string, string> = {},
): Promise<number> {
  const environment = await ports.environments.prepare(
    { requirements: requirements.checks },
    {
      signal: input.signal,
      onProgress: input.log,
    },
  )
  const home = join(input.out, 'home')
  await mkdir(home, { recursive: true })
  input.log(`$ ${command}`)
  const result = await ports.commands.run({
    argv: ['bash', '-c', command],
    cwd: join(input.source, modelType.folder),
    env: {
      ...ports.inheritedEnv,
      ...extraEnv,
      HOME: home,
      VIRTUAL_ENV: environment,
      PATH: `${join(environment, 'bin')}:${ports.inheritedEnv.PATH ?? ''}`,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    log: input.logFile,
    timeoutSeconds: 3600,
    signal: input.signal,
  })
  if (result.reason === 'cancelled') input.signal.throwIfAborted()
  if (result.reason === 'timed-out') throw new StageFailure(`'${command}' did not end within an hour`)
  return result.exitCode
}
