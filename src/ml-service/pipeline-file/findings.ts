import type { Problem } from '../plan.ts'
import { lineAndColumn, type Spot } from './yaml-tree.ts'

/** Where the pipeline shall run: on this machine, or on Azure ML, which takes more. */
export type Target = 'local' | 'azureml'

/** Collects what is wrong with a pipeline, each finding once, however many steps use the file. */
export interface Findings {
  error(spot: Spot, rule: string, message: string, suggestion?: string): void
  warning(spot: Spot, rule: string, message: string, suggestion?: string): void
  /** What is right but cannot run on this machine; nothing when the target is Azure ML. */
  unsupported(spot: Spot, rule: string, message: string, suggestion?: string): void
  /** A key that has no effect on this machine: one warning per key, at its first use. */
  ignored(spot: Spot, key: string, because: string): void
  hasErrors(): boolean
  /** The root file's first, then the others in the order of first mention; within a file by position. */
  problems(): Problem[]
}

/** @param root path of the file that everything starts from */
export function collectFindings(root: string, target: Target = 'local'): Findings {
  const found = new Map<string, Found>()
  const ignored = new Set<string>()
  let errors = 0
  const add = (
    severity: Problem['severity'],
    spot: Spot,
    rule: string,
    message: string,
    suggestion?: string,
  ) => {
    const identity = `${spot.file.path}\0${spot.offset}\0${rule}\0${message}`
    if (found.has(identity)) return
    found.set(identity, { severity, spot, rule, message, suggestion })
    if (severity === 'error') errors++
  }
  return {
    error: (spot, rule, message, suggestion) => add('error', spot, rule, message, suggestion),
    warning: (spot, rule, message, suggestion) => add('warning', spot, rule, message, suggestion),
    unsupported(spot, rule, message, suggestion) {
      if (target === 'azureml') return
      add('error', spot, rule, `${message}; the file is still valid for Azure ML`, suggestion)
    },
    ignored(spot, key, because) {
      if (target === 'azureml' || ignored.has(key)) return
      ignored.add(key)
      add('warning', spot, 'ignored-key', `'${key}' has no effect here: ${because}`)
    },
    hasErrors: () => errors > 0,
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
