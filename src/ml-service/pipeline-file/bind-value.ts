import type { DataType } from '../plan.ts'
import { checkAgainstPort, type Value } from './check-port.ts'
import { dataInput } from './data-source.ts'
import type { LiteralType, OutputPort, PipelineDefinition, Port } from './definitions.ts'
import { wrongType } from './entries.ts'
import { expressionsIn, interpolate, parseBinding, wholeExpression } from './expressions.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import type { Library } from './library.ts'
import { isDataType, isLiteralType } from './literals.ts'
import { RUN_TIME_NAMES } from './output-path.ts'
import { checkInputMode, readDataType } from './read-input-port.ts'
import { inputScalar } from './step-scalars.ts'
import {
  at,
  atFragment,
  atMissing,
  entry,
  type MappingTree,
  type ScalarTree,
  scalarText,
  type Tree,
} from './yaml-tree.ts'

/** One use of a pipeline: its inputs' values, and its steps' inputs once they are asked for. */
export interface Scope {
  /** Empty, or `outer.` for the steps of the pipeline component in step `outer`. */
  prefix: string
  definition: PipelineDefinition
  inputs: ReadonlyMap<string, Value>
  /** What is known about the pipeline's outputs, from outside too. */
  outputs: ReadonlyMap<string, OutputTarget>
  /** Value of an input of one of the scope's steps, after its port's checks. */
  stepInput(step: string, input: string): Value
  library: Library
}

/** Where an output of a pipeline goes, for the step inside that makes it. */
export interface OutputTarget {
  type: DataType | undefined
  path: string | undefined
  asset: OutputPort['asset']
}

/** The value that a step gives to a port of its component, following bindings to the enclosing pipeline. */
export function bindValue(tree: Tree, port: Port, scope: Scope): Value {
  if (tree.kind === 'list') return wrongType(tree, 'a value or a mapping', scope.library.findings) ?? 'broken'
  const scalar = inputScalar(tree)
  if (tree.kind === 'mapping') return bindMapping(tree, scalar, port, scope)
  if (!scalar) return 'none'
  return checked(bindScalar(scalar, undefined, port, scope), port, scalar, scope)
}

function bindMapping(tree: MappingTree, scalar: ScalarTree | undefined, port: Port, scope: Scope): Value {
  const { findings } = scope.library
  warnUnknownKeys(tree, KNOWN.input, findings)
  checkInputMode(tree, findings)
  if (!scalar || scalarText(scalar) === '') {
    findings.error(atMissing(tree, 'path'), 'missing-input', `'${tree.name}' has no path`, "add 'path: …'")
    return 'broken'
  }
  const declared = scalarText(entry(tree, 'type'))?.toLowerCase()
  if (isLiteralType(declared)) return checked(bindScalar(scalar, undefined, port, scope), port, scalar, scope)
  return checked(bindScalar(scalar, readDataType(tree, findings), port, scope), port, scalar, scope)
}

function checked(value: Value, port: Port, scalar: ScalarTree, { library }: Scope): Value {
  return checkAgainstPort(value, port, at(scalar), library)
}

/** @param dataType set when the scalar is the `path` of data: then text becomes a data source. */
function bindScalar(scalar: ScalarTree, dataType: DataType | undefined, port: Port, scope: Scope): Value {
  const whole = scalar.type === 'string' ? wholeExpression(scalar.text) : undefined
  const value = whole === undefined ? plainValue(scalar, port, scope) : resolveExpression(whole, scope)
  if (value === 'none' || value === 'broken' || value.kind !== 'literal') return value
  const type =
    dataType ??
    (whole === undefined && isDataType(port.type) && scalar.type === 'string' ? port.type : undefined)
  if (!type) return value
  const { disk, findings } = scope.library
  return dataInput(type, value.value, scalar.file, at(scalar), { disk, findings }) ?? 'broken'
}

/** The text itself, or with the expressions in it replaced. */
function plainValue(scalar: ScalarTree, port: Port, scope: Scope): Value {
  const expressions = scalar.type === 'string' ? expressionsIn(scalar.text) : []
  if (expressions.length === 0)
    return { kind: 'literal', type: scalar.type as LiteralType, value: scalar.text }
  const values = new Map(expressions.map(one => [one.inner, resolveExpression(one.inner, scope)]))
  if ([...values.values()].includes('broken')) return 'broken'
  const text = interpolate(scalar.text, inner => textOf(values.get(inner)!))
  if (text === undefined) {
    const message = `only literals and paths can be part of a longer text`
    scope.library.findings.error(atFragment(scalar, expressions[0]!.text), 'bad-expression', message)
    return 'broken'
  }
  return extended([...values.values()], text, port, scalar, scope)
}

/** `${{parent.inputs.folder}}/file.csv` is data when the folder is. */
function extended(values: Value[], text: string, port: Port, scalar: ScalarTree, scope: Scope): Value {
  const isData = values.some(value => typeof value === 'object' && value.kind === 'data')
  if (!isData) return { kind: 'literal', type: 'string', value: text }
  const { disk, findings } = scope.library
  const value = dataInput(portType(port), text, scalar.file, at(scalar), { disk, findings })
  const isFile = value?.source.kind === 'path' && !disk.isFolder(value.source.value)
  return value ? { ...value, type: isFile ? 'uri_file' : portType(port) } : 'broken'
}

function portType(port: Port): DataType {
  return isDataType(port.type) ? port.type : 'uri_folder'
}

/** What a value is as part of a longer text; undefined when it can't be one. */
export function textOf(value: Value): string | undefined {
  if (value === 'none' || value === 'broken' || value.kind === 'step') return undefined
  return value.kind === 'literal' ? value.value : value.source.value
}

/** The value that an expression without braces points at. Unknown names have been reported before. */
export function resolveExpression(inner: string, scope: Scope): Value {
  if (RUN_TIME_NAMES.includes(inner)) return { kind: 'literal', type: 'string', value: `\${{${inner}}}` }
  const binding = parseBinding(inner)
  if (!binding || binding.to === 'parent-output') return 'broken'
  if (binding.to === 'parent-input') return scope.inputs.get(binding.name) ?? 'broken'
  const target = scope.definition.steps.get(binding.step)
  if (!target?.component) return 'broken'
  if (binding.to === 'step-input') return scope.stepInput(binding.step, binding.name)
  return { kind: 'step', step: scope.prefix + binding.step, output: binding.name, type: 'uri_folder' }
}
