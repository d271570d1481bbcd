import type { Findings } from './findings.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, entry, type MappingTree, type Spot, scalarText } from './yaml-tree.ts'

const RUN_HERE = ['command', 'pipeline', 'sweep']

const ON_AZURE_ONLY: Record<string, string> = {
  automl: 'automl steps',
  spark: 'spark steps',
  parallel: 'parallel steps',
  import: 'import steps',
  data_transfer: 'data_transfer steps',
  do_while: 'loops',
  if_else: 'conditions',
  parallel_for: 'loops',
}

const CONTROL_FLOW = ['do_while', 'if_else', 'parallel_for']

/** `type` in lower case, `command` by default; undefined with an error when there is no such type. */
export function stepType(tree: MappingTree, findings: Findings): string | undefined {
  const type = entry(tree, 'type')
  if (!type) return 'command'
  const name = scalarText(type)?.toLowerCase() ?? ''
  if (RUN_HERE.includes(name) || isForeign(name)) return name
  const known = [...RUN_HERE, ...Object.keys(ON_AZURE_ONLY)]
  const message = `${named(tree)} has the unknown type '${name || '…'}'`
  findings.error(at(type), 'unknown-type', message, didYouMeanOneOf(name, known, 'types'))
  return undefined
}

/** A type of step that runs on Azure ML only. */
export function isForeign(type: string): boolean {
  return Object.hasOwn(ON_AZURE_ONLY, type)
}

/** A step that decides about other steps; it has no outputs of its own. */
export function isControlFlow(type: string): boolean {
  return CONTROL_FLOW.includes(type)
}

export function refuseForeign(type: string, tree: MappingTree, spot: Spot, findings: Findings): void {
  const message = `${named(tree)} cannot run here, as ${ON_AZURE_ONLY[type]} run on Azure ML only`
  findings.unsupported(spot, 'unsupported-step', message)
}

function named({ name }: MappingTree): string {
  return name ? `step '${name}'` : 'the file'
}
