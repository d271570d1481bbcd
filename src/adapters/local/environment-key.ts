import { createHash } from 'node:crypto'

/** Requirements without comments and blank lines, in one order and spelling: what the same environment has in common. */
export function normalisedRequirements(requirements: readonly string[]): string[] {
  const lines = requirements.map(line => line.replace(/(?:^|\s)#.*$/, '').trim()).filter(line => line !== '')
  return [...new Set(lines.map(normaliseName))].sort()
}

/** Name of an environment's folder, 32 hexadecimal digits: the same packages on the same minor version of Python. */
export function environmentKey(minor: string, requirements: readonly string[]): string {
  const machine = [process.platform, process.arch]
  const content = ['environment-2', ...machine, minor, ...normalisedRequirements(requirements)]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32)
}

/** Project names are compared without case and with one kind of separator (PEP 503); options are left as they are. */
function normaliseName(line: string): string {
  const match = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?=[[(<>=!~;@,]|$|\s)(.*)$/.exec(line)
  if (!match) return line
  return `${match[1]!.toLowerCase().replace(/[-_.]+/g, '-')}${match[2]!}`
}
