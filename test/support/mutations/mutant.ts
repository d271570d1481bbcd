import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A valid pipeline: its files by path relative to its folder. */
export interface Base {
  name: string
  files: Record<string, string>
}

/** What the linter must say of a mutant, at least. */
export interface Expected {
  /** One of these. */
  rules: string[]
  file: string
  /** Undefined where the fault has no single line. */
  line: number | undefined
  /** Part of the suggestion. */
  suggests?: string | undefined
  /** Azure ML tolerates it. */
  warning?: boolean | undefined
}

export interface Mutant extends Expected {
  what: string
  files: Record<string, string>
}

export interface Operator {
  name: string
  mutate(base: Base): Mutant[]
}

/** What becomes of one match; undefined leaves it alone. `line` counts from the match's line, 0 by default. */
export type Change =
  | (Partial<Expected> & { text: string; rules: string[]; down?: number; nowhere?: boolean })
  | undefined

/** Pipelines below a folder, one per folder. */
export function readBases(folder: string): Base[] {
  return readdirSync(folder).map(name => ({ name, files: readFiles(join(folder, name)) }))
}

/** An operator that changes each match of the pattern by itself, in every file with such a name. */
export function replacing(
  name: string,
  pattern: RegExp,
  change: (match: RegExpExecArray, base: Base) => Change,
  files = /\.yml$/,
): Operator {
  const mutate = (base: Base) =>
    Object.entries(base.files)
      .filter(([file]) => files.test(file))
      .flatMap(([file, text]) =>
        [...text.matchAll(pattern)].flatMap(match => {
          const changed = change(match as RegExpExecArray, base)
          return changed ? [mutant(base, file, text, match as RegExpExecArray, changed)] : []
        }),
      )
  return { name, mutate }
}

/** A name as a hasty hand writes it. */
export function misspelt(name: string): string {
  if (name.length < 4) return `${name}x`
  return name.slice(0, 2) + name.slice(3)
}

/** The name, when it is long enough to be guessed. */
export function guessable(name: string): string | undefined {
  return name.length < 5 ? undefined : name
}

function mutant(
  base: Base,
  file: string,
  text: string,
  match: RegExpExecArray,
  change: NonNullable<Change>,
): Mutant {
  const before = text.slice(0, match.index)
  const line = before.split('\n').length + (change.down ?? 0)
  return {
    what: `${base.name}/${file}:${line} ${JSON.stringify(match[0].trim())} → ${JSON.stringify(change.text.trim())}`,
    files: { ...base.files, [file]: before + change.text + text.slice(match.index + match[0].length) },
    rules: change.rules,
    file: change.file ?? file,
    line: change.nowhere ? undefined : line,
    suggests: change.suggests,
    warning: change.warning,
  }
}

function readFiles(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true }).map(path => join(folder, String(path)))
  const files = paths.filter(path => statSync(path).isFile())
  return Object.fromEntries(files.map(path => [relative(folder, path), readFileSync(path, 'utf8')]))
}
