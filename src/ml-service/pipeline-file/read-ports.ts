import type { DataType } from '../plan.ts'
import type { OutputPort, Port } from './definitions.ts'
import { described, mappingEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { DATA_TYPES, isDataType, isLiteralType } from './literals.ts'
import { checkPortName } from './names.ts'
import { checkMode } from './port-mode.ts'
import { readInputPort } from './read-input-port.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, entry, isNull, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** A job gives its inputs values (literals, paths); a component declares them. */
export type Style = 'job' | 'component'

const OUTPUT_MODES = ['rw_mount', 'mount', 'upload', 'direct']

/** The `inputs:` of a pipeline or component. */
export function readInputPorts(owner: MappingTree, style: Style, findings: Findings): Map<string, Port> {
  const inputs = mappingEntry(owner, 'inputs', findings)
  const ports = new Map<string, Port>()
  for (const [name, tree] of inputs?.entries ?? []) {
    checkPortName(tree, style === 'job' || owner.entries.has('jobs'), findings)
    ports.set(name, readInputPort(name, tree, style, findings))
  }
  return ports
}

/** The `outputs:` of a pipeline or component. */
export function readOutputPorts(owner: MappingTree, findings: Findings): Map<string, OutputPort> {
  const outputs = mappingEntry(owner, 'outputs', findings)
  const ports = new Map<string, OutputPort>()
  for (const [name, tree] of outputs?.entries ?? []) {
    checkPortName(tree, false, findings)
    ports.set(name, readOutputPort(name, tree, findings))
  }
  return ports
}

/** One output: null for the defaults, or a mapping with `type`, `mode`, `path`. */
export function readOutputPort(name: string, tree: Tree, findings: Findings): OutputPort {
  const port: OutputPort = { name, type: undefined, path: undefined, tree }
  if (tree.kind !== 'mapping') {
    if (!isNull(tree)) wrongType(tree, "a mapping with 'type'", findings)
    return port
  }
  warnUnknownKeys(tree, KNOWN.output, findings)
  checkMode(tree, OUTPUT_MODES, findings)
  return { ...port, type: outputType(tree, findings), path: scalarText(entry(tree, 'path')) }
}

function outputType(tree: MappingTree, findings: Findings): DataType | undefined {
  const type = entry(tree, 'type')
  if (!type) return undefined
  const name = (scalarText(type) ?? '').toLowerCase()
  if (isDataType(name)) return name
  const literal = isLiteralType(name)
  const message = literal ? `an output can't be a ${name} here` : `unknown type ${described(type)}`
  const suggestion = didYouMeanOneOf(name, DATA_TYPES, 'types')
  findings.error(at(type), literal ? 'unsupported-type' : 'unknown-type', message, suggestion)
  return undefined
}
