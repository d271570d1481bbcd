import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import { parseGolden } from '#packaging/golden.ts'
import { checkImage } from './image-checks/check-image.ts'
import { servedModel } from './served-model.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** `validate-inference-image`: runs the very bytes that will be pushed and examines them. Nothing that fails is pushed. */
export async function validateInferenceImage(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType, requirements } = await ports.readModelType(input.source, input.modelType)
  const { golden, ...model } = await servedModel(input, ports)
  const report = await checkImage({
    engine: await ports.engineFor(requirements.serve, input.signal),
    layout: join(input.out, 'image'),
    golden: golden ? parseGolden(await readFile(golden, 'utf8'), 'golden.jsonl') : null,
    model,
    signature: modelType.serve.signature,
    log: input.logFile,
    signal: input.signal,
  })
  for (const { level, status, message } of report.levels) input.log(`${level}: ${status}: ${message}`)
  const failed = report.levels.find(level => level.status === 'failed')
  if (failed)
    throw new StageFailure(`${failed.level}: ${failed.message}`, {
      hint: 'the output of the service is in the log of this stage',
    })
  const passed = report.levels.filter(level => level.status === 'passed').length
  return {
    summary: `${passed} of ${report.levels.length} levels passed (${report.engine})`,
    detail: { ...report },
  }
}
