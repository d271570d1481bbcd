import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { planTexts } from '#ml-service/pipeline-file/plan-texts.ts'
import type { Problem } from '#ml-service/plan.ts'
import { BINDINGS } from './support/mutations/bindings.ts'
import { COMMANDS } from './support/mutations/commands.ts'
import { FILES } from './support/mutations/files.ts'
import { type Base, type Mutant, readBases } from './support/mutations/mutant.ts'
import { STRUCTURE } from './support/mutations/structure.ts'
import { SWEEPS } from './support/mutations/sweeps.ts'
import { VALUES } from './support/mutations/values.ts'

const OPERATORS = [...BINDINGS, ...COMMANDS, ...FILES, ...VALUES, ...STRUCTURE, ...SWEEPS]
const bases = readBases(fileURLToPath(new URL('fixtures/pipelines', import.meta.url)))
const known = new Map(bases.map(base => [base, new Set(lint(base, base.files).map(said))]))

describe('valid pipelines', () => {
  it.each(bases)('$name has no errors, and warns only of what has no effect here', base => {
    const problems = lint(base, base.files)
    expect(problems.filter(one => one.rule !== 'ignored-key')).toEqual([])
    expect(new Set(problems.map(one => one.message)).size).toBe(problems.length)
  })
})

describe('every planted fault is found where it stands', () => {
  it.each(OPERATORS)('$name', operator => {
    const mutants = bases.flatMap(base => operator.mutate(base).map(mutant => ({ base, mutant })))
    const missed = mutants.filter(({ base, mutant }) => !isFound(base, mutant))
    expect(mutants.length).toBeGreaterThan(0)
    expect(missed.map(({ base, mutant }) => report(base, mutant))).toEqual([])
  })
})

/** What is there without the fault doesn't count. */
function isFound(base: Base, mutant: Mutant): boolean {
  const before = known.get(base)!
  return lint(base, mutant.files).some(one => !before.has(said(one)) && matches(one, mutant))
}

function said({ rule, key, message }: Problem): string {
  return `${rule} ${key} ${message}`
}

function matches(problem: Problem, expected: Mutant): boolean {
  return (
    (problem.severity === 'error' || expected.warning === true) &&
    expected.rules.includes(problem.rule) &&
    (expected.line === undefined || problem.line === expected.line) &&
    (expected.line === undefined || problem.file === `/p/${expected.file}`) &&
    (expected.suggests === undefined || (problem.suggestion ?? '').includes(expected.suggests))
  )
}

function lint(base: Base, files: Record<string, string>): Problem[] {
  const names = Object.keys(files).flatMap(path => /^registry\/(.*)\.yml$/.exec(path)?.slice(1) ?? [])
  return planTexts(files, {
    target: base.name === 'azure-only' ? 'azureml' : 'local',
    registry: reference => {
      const name = /^azureml:([\w-]+)/.exec(reference)?.[1]
      return names.includes(name ?? '') ? `/p/registry/${name}.yml` : undefined
    },
    registered: () => names,
  }).problems
}

function report(base: Base, mutant: Mutant): string {
  const found = lint(base, mutant.files).map(
    one => `${one.severity} ${one.rule} ${one.file}:${one.line} ${one.key} (${one.suggestion})`,
  )
  return `${mutant.what} wants ${mutant.rules} at ${mutant.line} (${mutant.suggests}); got ${found.join(' | ') || 'nothing'}`
}
