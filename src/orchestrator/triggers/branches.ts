import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceTree } from '#model-types/model-type.ts'
import { readSettings } from '#model-types/read-settings.ts'
import type { Orchestration } from '../orchestration.ts'

/** The deployment environment whose branch this is, or null; as `mlops/millwright.yml` at that commit says. */
export async function environmentOf(
  o: Orchestration,
  repository: string,
  commit: string,
  branch: string,
): Promise<string | null> {
  return withTree(o, repository, commit, async tree => environmentIn(tree, branch))
}

/** The same, for a tree that is open already. */
export function environmentIn(tree: SourceTree, branch: string): string | null {
  const { deploy } = readSettings(tree)
  return Object.entries(deploy).find(([, environment]) => environment.branch === branch)?.[0] ?? null
}

/** Gives `use` the commit's files and removes them afterwards. */
export async function withTree<T>(
  o: Orchestration,
  repository: string,
  commit: string,
  use: (tree: SourceTree, commit: { subject: string }) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(o.runs, 'tree-'))
  try {
    const described = await o.codeHost.checkout(repository, commit, folder)
    return await use(await o.openTree(folder), described)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
