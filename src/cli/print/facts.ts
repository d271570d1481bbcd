import type { Look } from './show.ts'
import { width } from './table.ts'

/** Names and values below each other; what is null or empty is left out. */
export function facts(
  entries: readonly (readonly [string, string | number | null | undefined])[],
  { colors }: Pick<Look, 'colors'>,
  indent = '  ',
): string {
  const known = entries.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const widest = Math.max(0, ...known.map(([name]) => width(name)))
  return known
    .map(([name, value]) => {
      const space = ' '.repeat(widest - width(name) + 2)
      const [first, ...more] = String(value).split('\n')
      const hanging = more.map(line => `\n${indent}${' '.repeat(widest + 2)}${line}`).join('')
      return `${indent}${colors.dim(name)}${space}${first}${hanging}`
    })
    .join('\n')
}
