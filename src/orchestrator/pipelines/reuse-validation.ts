import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRow, StageRow } from '#database/schema.ts'
import type { Orchestration } from '../orchestration.ts'
import { listTree } from '../stages/archive.ts'
import type { StageName } from '../stages/stages.ts'

const REUSABLE: readonly StageName[] = ['code-quality', 'unit-tests', 'local-model-validation']

/** Digest of everything that may decide whether a model type is sound: its own folder, shared code, shared settings. */
export async function validatedTree(source: string, folder: string): Promise<string> {
  const files = (await listTree(source)).filter(path =>
    [`${folder}/`, 'mlops/shared/', 'mlops/millwright.yml'].some(part => path.startsWith(part)),
  )
  const hash = createHash('sha256')
  for (const path of files) {
    const content = await readFile(join(source, path))
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return `sha256:${hash.digest('hex')}`
}

/** The stage of an earlier CI run that validated the very same tree, or undefined. PR runs are untrusted and don't count. */
export async function earlierValidation(
  { db }: Orchestration,
  run: RunRow,
  stage: StageName,
): Promise<(StageRow & { build_id: number }) | undefined> {
  const { tree } = run.input
  if (
    run.pipeline !== 'ci' ||
    typeof tree !== 'string' ||
    !REUSABLE.includes(stage) ||
    run.trigger === 'manual'
  )
    return undefined
  return db
    .selectFrom('stages')
    .innerJoin('runs', 'runs.id', 'stages.run')
    .selectAll('stages')
    .select('runs.build_id')
    .where('runs.pipeline', '=', 'ci')
    .where('runs.model_type', '=', run.model_type)
    .where('runs.id', '!=', run.id)
    .where(eb => eb(eb.ref('runs.input', '->>').key('tree'), '=', tree))
    .where('stages.name', '=', stage)
    .where('stages.status', '=', 'succeeded')
    .orderBy('runs.build_id')
    .executeTakeFirst()
}
