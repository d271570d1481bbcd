import type { DataType } from '../plan.ts'
import type { LiteralType, OutputPort, Port } from './definitions.ts'
import { booleanEntry, described, mappingEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import {
  DATA_TYPES,
  isDataType,
  isLiteralType,
  LITERAL_TYPES,
  literalFault,
  parseFloatText,
} from './literals.ts'
import { didYouMeanOneOf } from './suggest.ts'
import {
  at,
  atKey,
  atMissing,
  entry,
  isNull,
  type MappingTree,
  type ScalarTree,
  scalarText,
  type Tree,
} from './yaml-tree.ts'

/** A job gives its inputs values (literals, paths); a component declares them. */
export type Style = 'job' | 'component'

const INPUT_MODES = ['ro_mount', 'rw_mount', 'download', 'direct', 'eval_mount', 'eval_download']
const OUTPUT_MODES = ['rw_mount', 'mount', 'upload', 'direct']
const RESERVED = new Set(['path', 'ld_library_path', 'user', 'logname', 'home', 'pwd', 'shell'])

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

/** `type` of data given to a step or pipeline job: case-insensitive, a folder by default. */
export function readDataType(tree: MappingTree, findings: Findings): DataType {
  const type = readType(tree, 'job', findings)
  return isDataType(type) ? type : 'uri_folder'
}

/** Names of inputs and outputs; pipeline inputs may have dots (groups). */
export function checkPortName(tree: Tree, dots: boolean, findings: Findings): void {
  const pattern = dots ? /^[A-Za-z_][A-Za-z0-9_.]{0,127}$/ : /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
  if (!pattern.test(tree.name)) {
    const message = `'${tree.name}' is not a name for an input or output: letters, digits and '_' only`
    findings.error(atKey(tree), 'bad-name', message, nameHint(tree.name))
  } else if (RESERVED.has(tree.name.toLowerCase())) {
    const message = `'${tree.name}' is a reserved name: Azure ML makes an environment variable of it`
    findings.warning(atKey(tree), 'reserved-name', message)
  }
}

/** `did you mean 'a_b'?` for `a-b`. */
export function nameHint(name: string): string | undefined {
  const mended = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_')
  return /[A-Za-z0-9]/.test(mended) ? `did you mean '${mended.slice(0, 127)}'?` : undefined
}

export function checkInputMode(tree: MappingTree, findings: Findings): void {
  checkMode(tree, INPUT_MODES, findings)
}

function readInputPort(name: string, tree: Tree, style: Style, findings: Findings): Port {
  const port = emptyPort(name, tree)
  if (tree.kind === 'list') wrongType(tree, 'a value or a mapping', findings)
  if (tree.kind === 'list' || isNull(tree)) return port
  if (tree.kind === 'mapping') return describedPort(port, tree, style, findings)
  if (style === 'component') {
    const message = `'${name}' must say its type, not ${described(tree)}`
    findings.error(at(tree), 'wrong-type', message, `write '${name}: {type: string, default: …}'`)
  }
  return { ...port, type: tree.type as LiteralType, default: tree }
}

function describedPort(port: Port, tree: MappingTree, style: Style, findings: Findings): Port {
  warnUnknownKeys(tree, KNOWN.input, findings)
  checkInputMode(tree, findings)
  const full = {
    ...port,
    type: readType(tree, style, findings),
    optional: booleanEntry(tree, 'optional', findings) ?? false,
    default: scalarEntry(tree, 'default', findings) ?? scalarEntry(tree, 'value', findings),
    path: scalarEntry(tree, 'path', findings),
    choices: readChoices(tree, findings),
    min: readBound(tree, 'min', findings),
    max: readBound(tree, 'max', findings),
  }
  checkDefault(full, findings)
  return full
}

function emptyPort(name: string, tree: Tree): Port {
  const nothing = { default: undefined, path: undefined, choices: undefined, min: undefined, max: undefined }
  return { name, type: undefined, optional: false, ...nothing, tree }
}

function readType(tree: MappingTree, style: Style, findings: Findings): DataType | LiteralType | undefined {
  const type = entry(tree, 'type')
  if (!type && style === 'job')
    return entry(tree, 'default') || entry(tree, 'value') ? undefined : 'uri_folder'
  if (!type) {
    findings.error(
      atMissing(tree, 'type'),
      'missing-type',
      `'${tree.name}' has no type`,
      `add 'type: uri_folder'`,
    )
    return undefined
  }
  const written = scalarText(type) ?? ''
  const name = style === 'job' ? written.toLowerCase() : written
  if (isDataType(name) || isLiteralType(name)) return name
  const known = [...DATA_TYPES, ...LITERAL_TYPES]
  const message = `unknown type ${described(type)}`
  findings.error(at(type), 'unknown-type', message, didYouMeanOneOf(written, known, 'types'))
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
  findings.error(at(type), literal ? 'unsupported-type' : 'unknown-type', message, suggestion)
  return undefined
}

function checkMode(tree: MappingTree, known: string[], findings: Findings): void {
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

function checkDefault(port: Port, findings: Findings): void {
  if (!port.default) return
  if (isDataType(port.type)) {
    findings.warning(at(port.default), 'ignored-default', `data inputs can't have a default: it is ignored`)
    port.default = undefined
    return
  }
  const fault = literalFault(port, port.default.text)
  if (fault) findings.error(at(port.default), fault.rule, fault.message, fault.suggestion)
}

function readChoices(tree: MappingTree, findings: Findings): ScalarTree[] | undefined {
  const choices = entry(tree, 'enum')
  if (!choices) return undefined
  if (choices.kind !== 'list') return wrongType(choices, 'a list', findings)
  return choices.items.filter(item => item.kind === 'scalar')
}

function readBound(tree: MappingTree, name: string, findings: Findings): number | undefined {
  const bound = scalarEntry(tree, name, findings)
  if (!bound) return undefined
  return parseFloatText(bound.text) ?? wrongType(bound, 'a number', findings)
}

function scalarEntry(tree: MappingTree, name: string, findings: Findings): ScalarTree | undefined {
  const value = entry(tree, name)
  if (!value || value.kind === 'scalar') return value
  return wrongType(value, 'a single value', findings)
}
