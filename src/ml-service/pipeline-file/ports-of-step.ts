import type { Port } from './definitions.ts'
import { mappingEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { checkPortName } from './names.ts'
import { isNull, type MappingTree, type Tree } from './yaml-tree.ts'

/** The `inputs:` of a step as written; null entries are left out. */
export function readStepInputs(tree: MappingTree, findings: Findings): Map<string, Tree> {
  const inputs = mappingEntry(tree, 'inputs', findings)
  for (const value of inputs?.entries.values() ?? []) checkPortName(value, true, findings)
  return new Map([...(inputs?.entries ?? [])].filter(([, value]) => !isNull(value)))
}

/** What an inline step declares by setting inputs: ports that take everything. */
export function anyPorts(inputs: Map<string, Tree>): Map<string, Port> {
  return new Map([...inputs].map(([name, tree]) => [name, anyPort(name, tree)]))
}

function anyPort(name: string, tree: Tree): Port {
  const nothing = { default: undefined, path: undefined, choices: undefined, min: undefined, max: undefined }
  return { name, type: undefined, optional: false, ...nothing, tree }
}
