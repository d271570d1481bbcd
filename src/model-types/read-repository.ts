import { UserError } from '#errors.ts'
import type { ModelType, RepositorySettings, SourceTree } from './model-type.ts'
import { readModelType } from './read-model-type.ts'
import { readSettings } from './read-settings.ts'

/** All model types and the shared settings. Throws the first UserError there is; see {@link readModelTypes} for all. */
export function readRepository(tree: SourceTree): { modelTypes: ModelType[]; settings: RepositorySettings } {
  const { modelTypes, problems } = readModelTypes(tree)
  if (problems[0]) throw problems[0]
  return { modelTypes, settings: readSettings(tree) }
}

/** The model types that can be read, by folder name, and what is wrong with the others: one doesn't hide another. */
export function readModelTypes(tree: SourceTree): { modelTypes: ModelType[]; problems: UserError[] } {
  const problems = [...missingFolder(tree), ...misnamedFiles(tree)]
  const modelTypes: ModelType[] = []
  for (const folder of modelTypeFolders(tree)) {
    const read = attempt(() => readModelType(tree, folder))
    if (read instanceof UserError) problems.push(read)
    else modelTypes.push(read)
  }
  const taken = duplicates(modelTypes)
  return {
    modelTypes: modelTypes.filter(type => !taken.some(({ types }) => types.includes(type))),
    problems: [...problems, ...taken.map(({ problem }) => problem)],
  }
}

/** Names of the folders of `mlops/` that have a model.yml, sorted; `shared` is no model type. */
export function modelTypeFolders(tree: SourceTree): string[] {
  const folders = tree.files.map(file => /^mlops\/([^/]+)\/model\.yml$/.exec(file)?.[1])
  return folders.filter(folder => folder !== undefined && folder !== 'shared').sort() as string[]
}

function missingFolder(tree: SourceTree): UserError[] {
  const layout = 'Each model type is a folder mlops/<name>/ with a model.yml at the top of the repository.'
  if (!tree.files.some(file => file.startsWith('mlops/'))) {
    const options = { place: { file: 'mlops' }, hint: layout }
    return [new UserError('no-mlops-folder', 'the repository has no folder `mlops/`', options)]
  }
  if (tree.files.some(file => /^mlops\/[^/]+\/model\.ya?ml$/.test(file))) return []
  const options = { place: { file: 'mlops' }, hint: layout }
  return [new UserError('no-model-types', 'no folder of `mlops/` has a model.yml', options)]
}

function misnamedFiles(tree: SourceTree): UserError[] {
  const misnamed = tree.files.filter(file => {
    const home = /^(mlops\/[^/]+\/model)\.yaml$/.exec(file)?.[1]
    return home !== undefined && !tree.files.includes(`${home}.yml`)
  })
  return misnamed.map(
    file =>
      new UserError('misnamed-file', 'a model type is described by `model.yml`, not `model.yaml`', {
        place: { file },
        hint: `Rename it: git mv ${file} ${file.replace(/yaml$/, 'yml')}`,
      }),
  )
}

function attempt(read: () => ModelType): ModelType | UserError {
  try {
    return read()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** Names are compared without case: they become image repositories, which are lower-case. */
function duplicates(modelTypes: readonly ModelType[]): { types: ModelType[]; problem: UserError }[] {
  const names = new Set(modelTypes.map(({ name }) => name.toLowerCase()))
  const taken = [...names]
    .map(name => modelTypes.filter(type => type.name.toLowerCase() === name))
    .filter(types => types.length > 1)
  return taken.map(types => {
    const files = types.map(({ file }) => file)
    const message = `${files.length} model types are called \`${types[0]!.name}\`: ${files.join(' and ')}`
    const options = { place: { file: files.at(-1)!, key: 'name' }, hint: 'Give each its own `name`.' }
    return { types, problem: new UserError('duplicate-model-type', message, options) }
  })
}
