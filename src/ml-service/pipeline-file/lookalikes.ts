import type { CommandDefinition } from './definitions.ts'
import { unclosedExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { atFragment, type ScalarTree } from './yaml-tree.ts'

type Ports = Pick<CommandDefinition, 'inputs' | 'outputs'>

/** `${inputs.x}` (bash stops there), `$(inputs.x)`, `{{inputs.x}}` and `{inputs.x}`, which stay as they are. */
const LOOKALIKE = /\$?(?:\{\{?|\(\(?)\s*((?:inputs|outputs|search_space)\.[\w-]+)\s*(?:\}\}?|\)\)?)/g

/** Warns of what is no placeholder but was surely meant as one. */
export function checkLookalikes(command: ScalarTree, ports: Ports, findings: Findings): void {
  if (!/inputs\.|outputs\.|search_space\./.test(command.text)) return
  const unclosed = unclosedExpression(command.text)
  for (const { 0: text, 1: inner, index } of command.text.matchAll(LOOKALIKE)) {
    if (index === unclosed) continue
    if (/^\$\{\{[^{}]*\}\}$/.test(text) || command.text.slice(0, index).endsWith('${')) continue
    if (!text.startsWith('$') && !isPort(inner!, ports)) continue
    const spot = atFragment(command, text)
    const message = `'${text}' is not a placeholder`
    const suggestion = `did you mean '\${{${inner}}}'?`
    if (/^\$\{[^{]/.test(text))
      findings.error(spot, 'bad-expression', `${message}, and bash stops at it`, suggestion)
    else findings.warning(spot, 'like-expression', message, suggestion)
  }
}

/** `{inputs.x}` may be a format of Python. */
function isPort(inner: string, { inputs, outputs }: Ports): boolean {
  const [kind, name] = inner.split('.') as [string, string]
  return kind === 'search_space' || (kind === 'inputs' ? inputs.has(name) : outputs.has(name))
}
