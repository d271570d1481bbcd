import type { StepInput } from '../plan.ts'
import type { LiteralType, Port } from './definitions.ts'
import type { Library } from './library.ts'
import { isLiteralType, literalFault } from './literals.ts'
import type { Spot } from './yaml-tree.ts'

/** `none`: has no value, which is fine for optional inputs. `broken`: an error was reported already. */
export type Value = StepInput | 'none' | 'broken'

/** Literals are checked against type, enum and range; data and literals don't mix. */
export function checkAgainstPort(value: Value, port: Port, spot: Spot, library: Library): Value {
  if (value === 'none' || value === 'broken' || port.type === undefined) return value
  const literal = value.kind === 'literal'
  if (literal && isLiteralType(port.type)) return checkLiteral(value, port, port.type, spot, library)
  if (literal === isLiteralType(port.type)) return value
  const given = literal ? `the ${value.type} '${value.value}'` : `data (${value.type})`
  const message = `'${port.name}' takes ${literal ? 'data' : 'a literal'} (${port.type}), not ${given}`
  const suggestion = literal ? `give it as '{type: ${port.type}, path: …}'` : undefined
  library.findings.error(spot, 'wrong-type', message, suggestion)
  return 'broken'
}

function checkLiteral(
  value: StepInput & { kind: 'literal' },
  port: Port,
  type: LiteralType,
  spot: Spot,
  { findings }: Library,
): Value {
  const fault = literalFault(port, value.value)
  if (!fault) return { ...value, type }
  findings.error(spot, fault.rule, fault.message, fault.suggestion)
  return 'broken'
}
