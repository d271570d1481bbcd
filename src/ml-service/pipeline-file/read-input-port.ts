import type { DataType } from '../plan.ts'
import type { LiteralType, Port } from './definitions.ts'
import { booleanEntry, described, wrongType } from './entries.ts'
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
import { checkMode } from './port-mode.ts'
import type { Style } from './read-ports.ts'
import { didYouMeanOneOf } from './suggest.ts'
import {
  at,
  atMissing,
  entry,
  isNull,
  type MappingTree,
  type ScalarTree,
  scalarText,
  type Tree,
} from './yaml-tree.ts'

const INPUT_MODES = ['ro_mount', 'rw_mount', 'download', 'direct', 'eval_mount', 'eval_download', 'link']

export function readInputPort(name: string, tree: Tree, style: Style, findings: Findings): Port {
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
  checkRange(full, tree, findings)
  checkDefault(full, findings)
  return full
}

function emptyPort(name: string, tree: Tree): Port {
  const nothing = { default: undefined, path: undefined, choices: undefined, min: undefined, max: undefined }
  return { name, type: undefined, optional: false, ...nothing, tree }
}

export function checkInputMode(tree: MappingTree, findings: Findings): void {
  checkMode(tree, INPUT_MODES, findings)
}

/** `type` of data given to a step or pipeline job: case-insensitive, a folder by default. */
export function readDataType(tree: MappingTree, findings: Findings): DataType {
  const type = readType(tree, 'job', findings)
  return isDataType(type) ? type : 'uri_folder'
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

/** A range that nothing is in says nothing. */
function checkRange(port: Port, tree: MappingTree, findings: Findings): void {
  const { min, max } = port
  if (min === undefined || max === undefined || min <= max) return
  const message = `the maximum of '${port.name}' (${max}) is less than its minimum (${min})`
  findings.error(at(entry(tree, 'max')!), 'bad-range', message)
  port.min = undefined
  port.max = undefined
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
