import { basename } from 'node:path'
import { UserError } from '#errors.ts'
import { readRepository } from '#model-types/read-repository.ts'
import type { Repository } from '#ports/code-host.ts'
import type { Orchestration } from './orchestration.ts'
import type { PipelineEngine } from './pipelines/pipeline.ts'
import { acceptDeliveries, handleDeliveries } from './triggers/deliveries.ts'

/** Makes a server-owned repository from `source`; what it holds on environment branches counts as merged now. */
export async function addRepository(
  o: Orchestration,
  engine: PipelineEngine,
  add: { source: string; name?: string | undefined },
): Promise<Repository> {
  const name = add.name ?? basename(add.source.replace(/\/+$/, '').replace(/\.git$/, ''))
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw new UserError('invalid-name', `${JSON.stringify(name)} can't be a repository's name`, {
      hint: 'give one with --name: letters, digits, dots, dashes and underscores',
    })
  }
  const repository = await o.codeHost.create(name, add.source, async folder => refuseUnusable(o, folder))
  await o.db
    .insertInto('repositories')
    .values({ name, source: add.source })
    .onConflict(oc => oc.column('name').doNothing())
    .execute()
  const refs = await o.codeHost.refs(name)
  await acceptDeliveries(
    o,
    Object.entries(refs).map(([ref, after]) => ({
      id: `scan:${name}:${ref}:${after}`,
      repository: name,
      ref,
      before: null,
      after,
    })),
  )
  await handleDeliveries(o, engine, () => {})
  return repository
}

/** What is imported must hold model types that can be read; a later push may break one of them without hiding the others. */
async function refuseUnusable(o: Orchestration, folder: string): Promise<void> {
  readRepository(await o.openTree(folder))
}

/** Repositories with their git URLs. */
export async function listRepositories(o: Pick<Orchestration, 'db' | 'codeHost'>): Promise<Repository[]> {
  const rows = await o.db.selectFrom('repositories').select('name').orderBy('created_at').execute()
  return Promise.all(rows.map(({ name }) => o.codeHost.create(name)))
}
