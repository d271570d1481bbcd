import { described } from './entries.ts'
import type { Findings } from './findings.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, entry, type MappingTree, scalarText } from './yaml-tree.ts'

/** `mode` must be one of these; it has no effect here, but a misspelt one is refused by Azure ML. */
export function checkMode(tree: MappingTree, known: string[], findings: Findings): void {
  const mode = entry(tree, 'mode')
  const name = scalarText(mode)
  if (!mode || (name && known.includes(name.toLowerCase()))) return
  findings.error(
    at(mode),
    'bad-mode',
    `unknown mode ${described(mode)}`,
    didYouMeanOneOf(name ?? '', known, 'modes'),
  )
}
