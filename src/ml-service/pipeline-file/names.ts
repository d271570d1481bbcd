import type { Findings } from './findings.ts'
import { atKey, type Tree } from './yaml-tree.ts'

const RESERVED = new Set(['path', 'ld_library_path', 'user', 'logname', 'home', 'pwd', 'shell'])

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
