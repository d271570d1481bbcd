import { basename, dirname } from 'node:path'
import type { Plan, Problem } from '../plan.ts'
import { type PlanOptions, planPipeline } from './plan-pipeline.ts'

/** Plans `/p/pipeline.yml` of a disk that is only these texts, by path relative to `/p`. For tests. */
export function planTexts(
  texts: Record<string, string> | string,
  options: Partial<PlanOptions> = {},
): { plan: Plan | undefined; problems: Problem[] } {
  const named = typeof texts === 'string' ? { 'pipeline.yml': texts } : texts
  const files = new Map(Object.entries(named).map(([name, text]) => [`/p/${name}`, text]))
  const folders = new Set([...files.keys()].flatMap(ancestors))
  return planPipeline('/p/pipeline.yml', {
    inputs: {},
    read: path => files.get(path),
    isFolder: path => folders.has(path),
    exists: path => files.has(path) || folders.has(path),
    isEmptyFolder: path =>
      ![...files.keys()].some(file => file.startsWith(`${path}/`) && !file.endsWith('/.keep')),
    list: path =>
      [...files.keys()]
        .flatMap(file => (dirname(file) === path ? basename(file) : []))
        .concat([...folders].flatMap(folder => (dirname(folder) === path ? basename(folder) : []))),
    ...options,
  })
}

/** The plan; fails with the problems when there is none. */
export function planned(texts: Record<string, string> | string, options: Partial<PlanOptions> = {}): Plan {
  const { plan, problems } = planTexts(texts, options)
  if (!plan) throw new Error(JSON.stringify(problems, undefined, 2))
  return plan
}

/** A problem as one line: `rule file:line:column key`. */
export function brief({ rule, file, line, column, key }: Problem): string {
  return `${rule} ${file.slice('/p/'.length)}:${line}:${column} ${key}`
}

function ancestors(path: string): string[] {
  const folder = dirname(path)
  return folder === '/' ? ['/'] : [folder, ...ancestors(folder)]
}
