import type { StepInput } from '../plan.ts'
import { checkAgainstPort, type Value } from './check-port.ts'
import { dataInput } from './data-source.ts'
import type { LiteralType, PipelineDefinition, Port } from './definitions.ts'
import type { Library } from './library.ts'
import { isDataType } from './literals.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { resolvePlainScalar } from './yaml-scalar.ts'
import { at, atKey, atMissing, type Spot, type Tree } from './yaml-tree.ts'

/**
 * The values of the pipeline's own inputs: what the caller gives, or else what the file says.
 * @param openInputs required inputs may be left without a value: a component is looked at by itself
 */
export function bindRootInputs(
  pipeline: PipelineDefinition,
  given: Record<string, string>,
  openInputs: boolean,
  library: Library,
): Map<string, Value> {
  rejectUnknown(pipeline, given, library)
  const values = [...pipeline.inputs.values()].map((port): [string, Value] => {
    const text = Object.hasOwn(given, port.name) ? given[port.name] : undefined
    if (text !== undefined) return [port.name, givenValue(port, text, library)]
    return [port.name, ownValue(port, openInputs, library)]
  })
  return new Map(values)
}

function rejectUnknown(
  pipeline: PipelineDefinition,
  given: Record<string, string>,
  { findings }: Library,
): void {
  for (const name of Object.keys(given)) {
    if (pipeline.inputs.has(name)) continue
    const inputs = pipeline.tree.entries.get('inputs')
    const spot: Spot = { ...(inputs ? atKey(inputs) : at(pipeline.tree)), key: `inputs.${name}` }
    const suggestion = didYouMeanOneOf(name, pipeline.inputs.keys(), 'inputs')
    findings.error(spot, 'unknown-input', `the pipeline has no input '${name}'`, suggestion)
  }
}

/** Text is read as if it stood in the file: a number where a number stands, a path where data stands. */
function givenValue(port: Port, text: string, library: Library): Value {
  if (isDataType(port.type))
    return dataInput(port.type, text, port.tree.file, atKey(port.tree), library) ?? 'broken'
  const scalar = port.type === 'string' ? { type: 'string', text } : resolvePlainScalar(text)
  const literal = scalar.type === 'null' ? { type: 'string', text } : scalar
  const value: StepInput = { kind: 'literal', type: literal.type as LiteralType, value: literal.text }
  return checkAgainstPort(value, declaredPort(port), atKey(port.tree), library)
}

/** The type of a plain value in a job's file binds nobody: the ports that it is bound to are asked. */
function declaredPort(port: Port): Port {
  return port.tree.kind === 'mapping' ? port : { ...port, type: undefined }
}

function ownValue(port: Port, openInputs: boolean, library: Library): Value {
  if (port.path) return dataValue(port, port.path, library)
  if (port.default) {
    const { type, text } = port.default
    const value: StepInput = { kind: 'literal', type: type as LiteralType, value: text }
    return port.type === undefined ? value : checkAgainstPort(value, port, at(port.default), library)
  }
  if (port.optional || port.tree.kind !== 'mapping') return 'none'
  if (!openInputs) reportMissing(port, port.tree, library)
  return 'broken'
}

function dataValue(port: Port, path: NonNullable<Port['path']>, library: Library): Value {
  const type = isDataType(port.type) ? port.type : 'uri_folder'
  return dataInput(type, path.text, path.file, at(path), library) ?? 'broken'
}

function reportMissing(port: Port, tree: Tree & { kind: 'mapping' }, { findings }: Library): void {
  const data = isDataType(port.type)
  const message = `the pipeline input '${port.name}' has no value`
  const suggestion = `add '${data ? 'path' : 'default'}: …', or give '${port.name}' when it is run`
  findings.error(atMissing(tree, data ? 'path' : 'default'), 'missing-input', message, suggestion)
}
