import type { SourceTree } from './model-type.ts'
import { affectedBy, type Reason } from './reach.ts'
import { readModelTypes } from './read-repository.ts'

/** What a change means for one model type (design §8, `plan`). */
export interface PlanEntry {
  modelType: string
  affected: boolean
  /** The pipelines that the change starts; none when it isn't affected. */
  pipelines: string[]
  reasons: Reason[]
  /** Only the inference service changed. */
  onlyServe: boolean
}

/**
 * One entry per readable model type of the tree after the change. `pipelines` are those that such a change starts,
 * e.g. `['pr']` or `['ci', 'cd']`. Model types that can't be read have no entry: ask {@link readModelTypes} for them.
 */
export function planChange(
  tree: SourceTree,
  paths: readonly string[],
  pipelines: readonly string[],
): PlanEntry[] {
  const { modelTypes } = readModelTypes(tree)
  const effects = affectedBy(paths, modelTypes, tree)
  return modelTypes.map(({ name }) => {
    const { reasons, onlyServe } = effects.get(name) ?? { reasons: [], onlyServe: false }
    const affected = reasons.length > 0
    return { modelType: name, affected, pipelines: affected ? [...pipelines] : [], reasons, onlyServe }
  })
}
