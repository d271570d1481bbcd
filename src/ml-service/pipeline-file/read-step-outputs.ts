import type { StepOutput } from './definitions.ts'
import { mappingEntry } from './entries.ts'
import { parseBinding, wholeExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { checkPortName } from './names.ts'
import { checkOutputPath } from './output-path.ts'
import { readOutputPort } from './read-ports.ts'
import { at, entry, isNull, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** The `outputs:` of a step. */
export function readStepOutputs(tree: MappingTree, findings: Findings): Map<string, StepOutput> {
  const outputs = mappingEntry(tree, 'outputs', findings)
  const entries = [...(outputs?.entries ?? [])]
  return new Map(entries.map(([name, value]) => [name, readStepOutput(name, value, findings)]))
}

/** Null, `${{parent.outputs.x}}`, or a mapping whose `path` may be such a binding. */
function readStepOutput(name: string, tree: Tree, findings: Findings): StepOutput {
  checkPortName(tree, false, findings)
  const plain = { name, tree, type: undefined, path: undefined, asset: undefined }
  if (tree.kind === 'scalar' && !isNull(tree)) {
    return { ...plain, parentOutput: parentOutput(tree, findings) }
  }
  const port = readOutputPort(name, tree, findings)
  const path = tree.kind === 'mapping' ? entry(tree, 'path') : undefined
  if (!path || !wholeExpression(scalarText(path) ?? '')?.startsWith('parent.outputs.')) {
    checkOutputPath(port.path, true, findings)
    return { ...port, parentOutput: undefined }
  }
  return { ...port, path: undefined, parentOutput: parentOutput(path, findings) }
}

function parentOutput(tree: Tree, findings: Findings): string | undefined {
  const text = scalarText(tree) ?? ''
  const binding = parseBinding(wholeExpression(text) ?? '')
  if (binding?.to === 'parent-output') return binding.name
  const message = `an output is bound to an output of the pipeline, not to '${text}'`
  findings.error(at(tree), 'bad-expression', message, "write '${{parent.outputs.name}}'")
  return undefined
}
