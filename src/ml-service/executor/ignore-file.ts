/** Names that are never part of a code snapshot: version control, and what Python's tools keep. */
export const NEVER_CODE =
  /^(\.git|\.hg|\.svn|__pycache__|\.pytest_cache|\.ruff_cache|\.mypy_cache|\.ipynb_checkpoints)$/

/** Tells whether a path of a code snapshot is left out; `path` is relative, with forward slashes. */
export type Ignored = (path: string, isFolder: boolean) => boolean

/** Rules of an `.amlignore` or `.gitignore` text: the last one that matches a path decides, `!` takes it in again. */
export function ignoreRules(text: string): Ignored {
  const rules = text
    .split(/\r?\n/)
    .map(line => line.replace(/(?<!\\)\s+$/, ''))
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(toRule)
  return (path, isFolder) => {
    const rule = rules.findLast(one => (isFolder || !one.folderOnly) && one.pattern.test(path))
    return rule !== undefined && !rule.negated
  }
}

function toRule(line: string): { pattern: RegExp; negated: boolean; folderOnly: boolean } {
  const negated = line.startsWith('!')
  const body = negated ? line.slice(1) : line.replace(/^\\(?=[#!])/, '')
  const folderOnly = body.endsWith('/')
  const trimmed = body.replace(/^\//, '').replace(/\/$/, '')
  const anchored = /\/./.test(body)
  const source = `^${anchored ? '' : '(?:.*/)?'}${globSource(trimmed)}$`
  return { pattern: new RegExp(source, 's'), negated, folderOnly }
}

/** Regular expression source of a glob: `**` crosses folders, `*` and `?` don't, `[…]` is a set. */
function globSource(glob: string): string {
  const token = /\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?\]?[^\]]*\]|\\.|[\s\S]/g
  return (glob.match(token) ?? []).map(tokenSource).join('')
}

function tokenSource(token: string): string {
  if (token === '**/') return '(?:.*/)?'
  if (token === '/**') return '/.*'
  if (token === '**') return '.*'
  if (token === '*') return '[^/]*'
  if (token === '?') return '[^/]'
  if (token.length > 2 && token.startsWith('[')) return setSource(token)
  return (token.length === 2 ? token[1]! : token).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

function setSource(token: string): string {
  const members = token
    .slice(1, -1)
    .replace(/\\/g, '\\\\')
    .replace(/^!/, '^')
    .replace(/(?<=^\^?)\]|\[/g, '\\$&')
  return `[${members}]`
}
