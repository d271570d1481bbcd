import type { CommandDefinition, Port } from './definitions.ts'
import {
  type Expression,
  expressionsIn,
  inputName,
  outputName,
  searchedName,
  unclosedExpression,
  unclosedSegment,
} from './expressions.ts'
import type { Findings } from './findings.ts'
import { checkLookalikes } from './lookalikes.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { atExpression, atFragment, type ScalarTree, type Spot } from './yaml-tree.ts'

type Ports = Pick<CommandDefinition, 'inputs' | 'outputs'>

/**
 * Every `${{ … }}` of a command must name an input or output, and optional inputs stand in `$[[ ]]`. Returns what it
 * takes from a search space, which only the sweep that uses it can judge.
 */
export function checkPlaceholders(
  command: ScalarTree,
  ports: Ports,
  findings: Findings,
): CommandDefinition['searched'] {
  const expressions = expressionsIn(command.text)
  const searched = expressions.flatMap(({ inner, index }) => {
    const name = searchedName(inner)
    return name === undefined ? [] : [{ name, spot: atExpression(command, index) }]
  })
  const open = checkSegments(command, findings)
  for (const expression of expressions) {
    if (open >= 0 && expression.index > open)
      checkOwnPort(expression.inner, atExpression(command, expression.index), ports, findings)
    else checkPlaceholder(expression, command, ports, findings)
  }
  const unclosed = unclosedExpression(command.text)
  if (unclosed >= 0) {
    const message = "'${{' without '}}'"
    findings.error(atExpression(command, unclosed), 'bad-expression', message, "write '${{inputs.name}}'")
  }
  checkLookalikes(command, ports, findings)
  return searched
}

/** Offset of a segment that doesn't end, or -1. What stands behind it can't be judged. */
function checkSegments(command: ScalarTree, findings: Findings): number {
  const open = unclosedSegment(command.text)
  if (open < 0) return open
  const spot = atFragment(command, /^\S+/.exec(command.text.slice(open))![0])
  findings.error(spot, 'bad-expression', "'$[[' without ']]'", "write '$[[--name ${{inputs.name}}]]'")
  return open
}

/** The step's own port that `inputs.x` or `outputs.y` names must be there. */
export function checkOwnPort(
  inner: string,
  spot: Spot,
  { inputs, outputs }: Ports,
  findings: Findings,
): void {
  const input = inputName(inner)
  const name = input ?? outputName(inner)
  const known = input === undefined ? outputs : inputs
  if (name === undefined || known.has(name)) return
  const what = input === undefined ? 'output' : 'input'
  const suggestion = didYouMeanOneOf(name, known.keys(), `${what}s`) ?? `declare '${name}' under ${what}s`
  findings.error(spot, 'unknown-placeholder', `the command names an unknown ${what} '${name}'`, suggestion)
}

function checkPlaceholder(
  expression: Expression,
  command: ScalarTree,
  { inputs, outputs }: Ports,
  findings: Findings,
): void {
  const { inner, text } = expression
  const spot = atExpression(command, expression.index)
  const port = inputs.get(inputName(inner) ?? '')
  if (port) checkBrackets(expression, port, spot, findings)
  else if (inputName(inner) ?? outputName(inner)) checkOwnPort(inner, spot, { inputs, outputs }, findings)
  else if (searchedName(inner) === undefined) {
    const suggestion = commandHint(inner, inputs.keys(), outputs.keys())
    findings.error(spot, 'bad-expression', `'${text}' has no meaning in a command`, suggestion)
  }
}

function checkBrackets(expression: Expression, port: Port, spot: Spot, findings: Findings): void {
  const inside = expression.segment !== undefined
  if (port.type === undefined || port.optional === inside) return
  const wrapped = `$[[ … ${expression.text} ]]`
  if (inside) {
    const message = `the required input '${port.name}' stands inside '$[[ ]]'`
    findings.error(spot, 'required-in-brackets', message, `make it 'optional: true' or remove the brackets`)
    return
  }
  const message = `the optional input '${port.name}' stands outside '$[[ ]]'`
  if (port.default) findings.warning(spot, 'optional-outside-brackets', message, `write '${wrapped}'`)
  else findings.error(spot, 'optional-outside-brackets', message, `write '${wrapped}'`)
}

function commandHint(inner: string, inputs: Iterable<string>, outputs: Iterable<string>): string | undefined {
  if (inner.startsWith('parent.')) return "pass it to the step under inputs, then write '${{inputs.name}}'"
  const known = [...[...inputs].map(name => `inputs.${name}`), ...[...outputs].map(name => `outputs.${name}`)]
  return didYouMeanOneOf(inner, known, 'known')
}
