import { pypiName } from './conda-names.ts'

/** What an entry of a conda file's `dependencies` means for an environment made from PyPI. */
export type CondaPackage =
  | { kind: 'python'; range: string | undefined }
  | { kind: 'requirement'; line: string }
  /** Brought along by wheels, or no part of an environment here. */
  | { kind: 'needless' }
  | { kind: 'refused'; message: string; hint: string }

/**
 * Reads one entry: `name`, `name=1.2`, `name==1.2.3`, `name>=1,<2`, `name 1.2.*`, `channel::name=1.2=build`. Channels
 * and builds don't matter here. `name=1.2` is conda's way to say `name==1.2.*`.
 */
export function readCondaPackage(text: string): CondaPackage {
  const match = /^(?:[\w./-]+(?:\[[^\]]*\])?::)?([A-Za-z0-9_][\w.-]*)\s*(.*)$/.exec(text.trim())
  const version = match && versionOf(match[2]!)
  if (!match || version === null) return notUnderstood(text)
  const name = match[1]!
  if (name.toLowerCase() === 'python') return { kind: 'python', range: version }
  const meant = pypiName(name)
  if (meant === 'needless') return { kind: 'needless' }
  if (meant === 'not-python') return notFromPyPI(name)
  return { kind: 'requirement', line: `${meant.name}${version ?? ''}` }
}

function notUnderstood(text: string): CondaPackage {
  const message = `'${text}' isn't understood as a conda package`
  return { kind: 'refused', message, hint: "write it as 'name=1.2' or 'name>=1.2,<2'" }
}

function notFromPyPI(name: string): CondaPackage {
  const message = `the conda package '${name}' can't be installed here, where packages come from PyPI`
  const hint =
    'leave it out if the steps can do without, or map a registered environment to the Python requirements'
  return { kind: 'refused', message, hint }
}

/** PEP 440 specifiers of a conda version; undefined for any version, null for what isn't a version. */
function versionOf(conda: string): string | undefined | null {
  const bracket = /^\[\s*version\s*=\s*(['"]?)([^'"\]]+)\1\s*\]$/.exec(conda.trim())
  const text = (bracket?.[2] ?? conda).trim()
  if (/^(?:=?\*(?:=.*)?)?$/.test(text)) return undefined
  const parts = text.split(/\s*,\s*/).map(specifier)
  return parts.every(part => part !== null) ? parts.join(',') : null
}

function specifier(part: string): string | null {
  const [, operator = '', number = ''] = /^(===?|[<>!~]=?|=)?\s*([\w.!*+]+)/.exec(part) ?? []
  const rest = part.slice(part.indexOf(number) + number.length)
  if (!/^\d/.test(number) || !/^(\s*=?\s*[\w.*]+|)$/.test(rest)) return null
  if (/^[<>]/.test(operator)) return `${operator}${number.replace(/\.\*$/, '')}`
  if (/^[!~]|^==/.test(operator)) return `${operator === '!' ? '!=' : operator}${number}`
  return isExact(number) ? `==${number}` : `==${number}.*`
}

/** A full version is that one; with fewer parts it is a series. */
function isExact(number: string): boolean {
  return number.endsWith('*') || number.split('.').length >= 3
}
