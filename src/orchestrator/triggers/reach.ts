import type { SourceTree } from '#model-types/model-type.ts'
import { type PlanEntry, planChange } from '#model-types/plan-change.ts'
import { readModelTypes } from '#model-types/read-repository.ts'

/**
 * What a change reaches: every model type, affected or not. One whose declaration can't be read is affected when the
 * change touches its folder: its run fails and says why, instead of nothing happening.
 */
export function reachOf(tree: SourceTree, paths: string[], pipelines: string[]): PlanEntry[] {
  const broken = readModelTypes(tree).problems.flatMap(problem => {
    const folder = /^mlops\/([^/]+)\//.exec(problem.place.file ?? '')?.[1]
    if (!folder) return []
    const touched = paths.some(path => path.startsWith(`mlops/${folder}/`))
    const reasons = touched ? [{ path: problem.place.file!, because: problem.message }] : []
    return [
      {
        modelType: folder,
        affected: touched,
        pipelines: touched ? pipelines : [],
        reasons,
        onlyServe: false,
      },
    ]
  })
  const planned = planChange(tree, paths, pipelines)
  return [
    ...planned,
    ...broken.filter(entry => !planned.some(({ modelType }) => modelType === entry.modelType)),
  ]
}
