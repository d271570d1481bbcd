import type { Problem } from '../plan.ts'
import { lineAndColumn, type Spot } from './yaml-tree.ts'

/** Collects what is wrong with a pipeline, each finding once, however many steps use the file. */
export interface Findings {
  error(spot: Spot, rule: string, message: string, suggestion?: string): void
  warning(spot: Spot, rule: string, message: string, suggestion?: string): void
  /** A key that has no effect on this machine: one warning per key, at its first use. */
  ignored(spot: Spot, key: string, because: string): void
  hasErrors(): boolean
  /** The root file's first, then the others in the order of first mention; within a file by position. */
  problems(): Problem[]
}

/** @param root path of the file that everything starts from */
export function collectFindings(root: string): Findings {
  const found = new Map<string, Found>()
  const ignored = new Set<string>()
  const add = (
    severity: Problem['severity'],
    spot: Spot,
    rule: string,
    message: string,
    suggestion?: string,
  ) => {
    const identity = `${spot.file.path}\0${spot.offset}\0${rule}\0${message}`
    if (!found.has(identity)) found.set(identity, { severity, spot, rule, message, suggestion })
  }
  return {
    error: (spot, rule, message, suggestion) => add('error', spot, rule, message, suggestion),
    warning: (spot, rule, message, suggestion) => add('warning', spot, rule, message, suggestion),
    ignored(spot, key, because) {
      if (ignored.has(key)) return
      ignored.add(key)
      add('warning', spot, 'ignored-key', `'${key}' has no effect here: ${because}`)
    },
    hasErrors: () => [...found.values()].some(one => one.severity === 'error'),
    problems: () => sorted(root, [...found.values()]).map(problem),
  }
}

interface Found {
  severity: Problem['severity']
  spot: Spot
  rule: string
  message: string
  suggestion: string | undefined
}

function sorted(root: string, found: Found[]): Found[] {
  const files = [...new Set([root, ...found.map(one => one.spot.file.path)])]
  const rank = new Map(files.map((path, index) => [path, index]))
  const order = (one: Found) => rank.get(one.spot.file.path)!
  return found.sort((a, b) => order(a) - order(b) || a.spot.offset - b.spot.offset)
}

function problem({ severity, spot, rule, message, suggestion }: Found): Problem {
  const place = { file: spot.file.path, ...lineAndColumn(spot.file, spot.offset), key: spot.key }
  return { severity, rule, ...place, message, suggestion: suggestion ?? null }
}
