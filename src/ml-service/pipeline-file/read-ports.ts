import type { DataType } from '../plan.ts'
import type { OutputPort, Port } from './definitions.ts'
import { described, mappingEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { DATA_TYPES, isDataType, isLiteralType } from './literals.ts'
import { checkPortName } from './names.ts'
import { checkOutputPath } from './output-path.ts'
import { checkMode } from './port-mode.ts'
import { readInputPort } from './read-input-port.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atKey, entry, isNull, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** A job gives its inputs values (literals, paths); a component declares them. */
export type Style = 'job' | 'component'

const ASSET_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/

const OUTPUT_MODES = ['rw_mount', 'mount', 'upload', 'direct', 'link']

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
export function readOutputPorts(
  owner: MappingTree,
  style: Style,
  findings: Findings,
): Map<string, OutputPort> {
  const outputs = mappingEntry(owner, 'outputs', findings)
  const ports = new Map<string, OutputPort>()
  for (const [name, tree] of outputs?.entries ?? []) {
    checkPortName(tree, false, findings)
    const port = readOutputPort(name, tree, findings)
    checkOutputPath(port.path, false, findings)
    if (style === 'component' && !hasType(tree)) reportMissingType(tree, findings)
    ports.set(name, style === 'job' ? port : { ...port, asset: undefined })
  }
  return ports
}

function hasType(tree: Tree): boolean {
  return tree.kind === 'mapping' ? entry(tree, 'type') !== undefined : !isNull(tree)
}

/** Jobs have a default, components don't. */
function reportMissingType(tree: Tree, findings: Findings): void {
  findings.error(atKey(tree), 'missing-type', `'${tree.name}' has no type`, "add 'type: uri_folder'")
}

/** One output: null for the defaults, or a mapping with `type`, `mode`, `path`. */
export function readOutputPort(name: string, tree: Tree, findings: Findings): OutputPort {
  const port: OutputPort = { name, type: undefined, path: undefined, asset: undefined, tree }
  if (tree.kind !== 'mapping') {
    if (!isNull(tree)) wrongType(tree, "a mapping with 'type'", findings)
    return port
  }
  warnUnknownKeys(tree, KNOWN.output, findings)
  checkMode(tree, OUTPUT_MODES, findings)
  const path = entry(tree, 'path')
  if (path && path.kind !== 'scalar') wrongType(path, 'a path', findings)
  return {
    ...port,
    type: outputType(tree, findings),
    path: path?.kind === 'scalar' ? path : undefined,
    asset: readAsset(tree, findings),
  }
}

/** `name` and `version` under which the output becomes a data asset. */
function readAsset(tree: MappingTree, findings: Findings): OutputPort['asset'] {
  const name = textEntry(tree, 'name', findings)
  const version = textEntry(tree, 'version', findings)
  if (name !== undefined && ASSET_NAME.test(name)) return { name, version }
  if (name !== undefined) {
    const message = `'${name}' is not a name for a data asset: letters, digits, '.', '_' and '-' only`
    findings.error(at(entry(tree, 'name')!), 'bad-name', message)
  } else if (version !== undefined) {
    const message = `'${tree.name}' has a version but no name`
    findings.error(at(entry(tree, 'version')!), 'missing-name', message, "add 'name: …'")
  }
  return undefined
}

function outputType(tree: MappingTree, findings: Findings): DataType | undefined {
  const type = entry(tree, 'type')
  if (!type) return undefined
  const name = (scalarText(type) ?? '').toLowerCase()
  if (isDataType(name)) return name
  const literal = isLiteralType(name)
  const message = literal ? `an output can't be a ${name} here` : `unknown type ${described(type)}`
  const suggestion = didYouMeanOneOf(name, DATA_TYPES, 'types')
  const report = literal ? findings.unsupported : findings.error
  report(at(type), literal ? 'unsupported-type' : 'unknown-type', message, suggestion)
  return undefined
}
