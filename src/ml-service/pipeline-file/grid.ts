import type { SearchSpace } from '../plan.ts'
import type { Findings } from './findings.ts'
import { pythonFloat } from './yaml-scalar.ts'
import { at, entry, type MappingTree } from './yaml-tree.ts'

const MAX_VALUES = 10_000

/** The space as choices: a grid goes through every value, so that there must be finitely many. */
export function gridOf(
  space: Record<string, SearchSpace>,
  tree: MappingTree,
  findings: Findings,
): Record<string, SearchSpace> {
  const trees = entry(tree, 'search_space') as MappingTree
  const entries = Object.entries(space).map(([name, one]) => {
    const values = valuesOf(one)
    if (values && values.length <= MAX_VALUES) return [name, { kind: 'choice', values }] as const
    const message = `a grid cannot go through '${name}', as '${one.kind}' has too many values`
    findings.error(
      at(trees.entries.get(name)!),
      'bad-grid',
      message,
      "use 'type: choice', or random sampling",
    )
    return [name, one] as const
  })
  return Object.fromEntries(entries)
}

/** Every value that sampling could give; undefined when they can't be counted. */
function valuesOf(space: SearchSpace): string[] | undefined {
  if (space.kind === 'choice') return space.values
  if (space.kind === 'randint')
    return space.upper > MAX_VALUES ? undefined : counted(0, space.upper - 1, String)
  if (space.kind !== 'quniform') return undefined
  const { min, max, q } = space
  const [first, last] = [Math.round(min / q), Math.round(max / q)]
  return last - first > MAX_VALUES ? undefined : counted(first, last, i => pythonFloat(i * q))
}

function counted(first: number, last: number, text: (i: number) => string): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => text(first + i))
}
