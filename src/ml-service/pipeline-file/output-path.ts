import { URL_SCHEMES } from './data-source.ts'
import { expressionsIn, parseBinding, unclosedExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { didYouMean, didYouMeanOneOf } from './suggest.ts'
import { at, atExpression, type ScalarTree } from './yaml-tree.ts'

/** What is filled in when the step runs. */
export const RUN_TIME_NAMES = ['name', 'default_datastore', 'output_name']

/**
 * `path` of an output: `${{name}}`, `${{default_datastore}}` and `${{output_name}}` are filled in when the step runs.
 * @param inStep inputs of the enclosing pipeline may be part of it too
 */
export function checkOutputPath(path: ScalarTree | undefined, inStep: boolean, findings: Findings): void {
  if (!path) return
  checkScheme(path, findings)
  for (const { inner, index } of expressionsIn(path.text)) {
    if (RUN_TIME_NAMES.includes(inner) || (inStep && parseBinding(inner)?.to === 'parent-input')) continue
    const message = `'${inner}' has no meaning in the path of an output`
    findings.error(
      atExpression(path, index),
      'bad-expression',
      message,
      didYouMeanOneOf(inner, RUN_TIME_NAMES, 'known'),
    )
  }
  const unclosed = unclosedExpression(path.text)
  if (unclosed < 0) return
  findings.error(atExpression(path, unclosed), 'bad-expression', "'${{' without '}}'", "write '${{name}}'")
}

function checkScheme(path: ScalarTree, findings: Findings): void {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(path.text)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === 'file' || URL_SCHEMES.includes(scheme)) return
  const known = URL_SCHEMES.map(name => `${name}://`)
  findings.error(
    at(path),
    'bad-path',
    `'${scheme}://' can't be written to`,
    didYouMean(`${scheme}://`, known),
  )
}
