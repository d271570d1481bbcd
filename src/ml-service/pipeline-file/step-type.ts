import type { Findings } from './findings.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, entry, type MappingTree, scalarText } from './yaml-tree.ts'

const STEP_TYPES = ['command', 'pipeline']

const CANNOT_RUN: Record<string, string> = {
  sweep: 'sweep steps',
  automl: 'automl steps',
  spark: 'spark steps',
  parallel: 'parallel steps',
  import: 'import steps',
  data_transfer: 'data_transfer steps',
  do_while: 'loops',
  if_else: 'conditions',
  parallel_for: 'loops',
}

/** Refuses component and step types that cannot run on one machine; false means the rest isn't worth reading. */
export function checkStepType(tree: MappingTree, findings: Findings): boolean {
  const type = entry(tree, 'type')
  const name = scalarText(type)?.toLowerCase()
  if (!type || (name && STEP_TYPES.includes(name))) return true
  const what = tree.name ? `step '${tree.name}'` : 'the component'
  const refused = name && Object.hasOwn(CANNOT_RUN, name) ? CANNOT_RUN[name] : undefined
  const message = refused
    ? `${what} cannot run here: ${refused} run on Azure ML only`
    : `${what} has the unknown type '${name ?? '…'}'`
  const known = [...STEP_TYPES, ...Object.keys(CANNOT_RUN)]
  const suggestion = refused ? undefined : didYouMeanOneOf(name ?? '', known, 'types')
  findings.error(at(type), refused ? 'unsupported-step' : 'unknown-type', message, suggestion)
  return false
}
