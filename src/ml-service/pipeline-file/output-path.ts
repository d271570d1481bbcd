import { expressionsIn, hasUnclosedExpression, parseBinding } from './expressions.ts'
import type { Findings } from './findings.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atFragment, type ScalarTree } from './yaml-tree.ts'

/** What is filled in when the step runs. */
export const RUN_TIME_NAMES = ['name', 'default_datastore', 'output_name']

/**
 * `path` of an output: `${{name}}`, `${{default_datastore}}` and `${{output_name}}` are filled in when the step runs.
 * @param inStep inputs of the enclosing pipeline may be part of it too
 */
export function checkOutputPath(path: ScalarTree | undefined, inStep: boolean, findings: Findings): void {
  if (!path) return
  for (const { inner, text } of expressionsIn(path.text)) {
    if (RUN_TIME_NAMES.includes(inner) || (inStep && parseBinding(inner)?.to === 'parent-input')) continue
    const message = `'${inner}' has no meaning in the path of an output`
    findings.error(
      atFragment(path, text),
      'bad-expression',
      message,
      didYouMeanOneOf(inner, RUN_TIME_NAMES, 'known'),
    )
  }
  if (!hasUnclosedExpression(path.text)) return
  findings.error(at(path), 'bad-expression', "'${{' without '}}'", "write '${{name}}'")
}
