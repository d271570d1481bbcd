import { errorDocument, NotFoundError, UserError } from '#errors.ts'
import type { ModelType, SourceTree } from '#model-types/model-type.ts'
import { readModelTypes } from '#model-types/read-repository.ts'
import type { Orchestration } from '../orchestration.ts'
import { withTree } from '../triggers/branches.ts'

/** A model type as it stands on a branch of a repository, or why it can't be read. */
export interface ModelTypeDocument {
  name: string
  repository: string
  branch: string
  commit: string
  folder: string
  /** What model.yml says, after defaults; null when it can't be read. */
  declaration: ModelType | null
  problem: ReturnType<typeof errorDocument>['error'] | null
}

/** The model types of every repository on `branch`, by name. One that can't be read is there with its problem. */
export async function modelTypeDocuments(o: Orchestration, branch = 'main'): Promise<ModelTypeDocument[]> {
  const repositories = await o.db.selectFrom('repositories').select('name').orderBy('created_at').execute()
  const found: ModelTypeDocument[] = []
  for (const { name } of repositories) found.push(...(await inRepository(o, name, branch)))
  return found.sort((a, b) => a.name.localeCompare(b.name))
}

/** The model type of this name. Throws NotFoundError, or the UserError that says what is wrong with its model.yml. */
export async function modelTypeDocument(
  o: Orchestration,
  name: string,
  branch = 'main',
): Promise<ModelTypeDocument> {
  const all = await modelTypeDocuments(o, branch)
  const found = all.find(type => type.name === name)
  if (!found) {
    const hint = `there are: ${all.map(type => type.name).join(', ') || 'none'}`
    throw new NotFoundError('no-such-model-type', `no repository has the model type '${name}' on ${branch}`, {
      hint,
    })
  }
  if (found.problem === null) return found
  const { code, message, hint, ...place } = found.problem
  throw new UserError(code, message, { place, ...(hint === undefined ? {} : { hint }) })
}

async function inRepository(
  o: Orchestration,
  repository: string,
  branch: string,
): Promise<ModelTypeDocument[]> {
  const commit = (await o.codeHost.refs(repository))[`refs/heads/${branch}`]
  if (commit === undefined) return []
  return withTree(o, repository, commit, async tree => inTree(tree, { repository, branch, commit }))
}

function inTree(
  tree: SourceTree,
  place: { repository: string; branch: string; commit: string },
): ModelTypeDocument[] {
  const { modelTypes, problems } = readModelTypes(tree)
  return [
    ...modelTypes.map(type => ({
      ...{ name: type.name, ...place, folder: type.folder },
      ...{ declaration: type, problem: null },
    })),
    ...problems.map(problem => {
      const folder = /^mlops\/[^/]+/.exec(problem.place.file ?? '')?.[0] ?? 'mlops'
      const name = folder.split('/').at(-1)!
      return { name, ...place, folder, declaration: null, problem: errorDocument(problem).error }
    }),
  ]
}
