import { rm } from 'node:fs/promises'
import { updateRun } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { type Orchestration, runFolders } from '../orchestration.ts'
import { validatedTree } from './reuse-validation.ts'

/** Writes the run's commit as its source tree, in place of whatever is there. May be called again. */
export async function fetchSource(o: Orchestration, run: RunRow): Promise<void> {
  const { source } = runFolders(o, run.id)
  await rm(source, { recursive: true, force: true })
  const { committedAt } = await o.codeHost.checkout(run.repository, run.commit, source)
  const { modelType } = await o.ports.readModelType(source, run.model_type)
  const tree = await validatedTree(source, modelType.folder)
  await updateRun(o.db, run.id, { input: { ...run.input, committedAt, tree } })
}
