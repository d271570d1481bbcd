import { relative } from 'node:path'
import { expect } from 'vitest'
import type { Problem } from './expectation.ts'
import { says } from './files.ts'
import type { Answer } from './play-case.ts'

interface Found {
  severity: string
  rule: string
  file: string
  line: number
  column: number
  key: string
  message: string
  suggestion: string | null
}

/** All problems, in order; exit code 2 when one of them is an error. */
export function checkLint(expected: Problem[], answer: Answer, folder: string): void {
  expect([0, 2], answer.stderr + answer.stdout).toContain(answer.code)
  const lint = JSON.parse(answer.stdout) as { valid: boolean; problems: Found[] }
  const found = lint.problems.map(problem => ({ ...problem, at: place(problem, folder) }))
  expect(found.map((problem, index) => brief(problem, expected[index]))).toEqual(
    expected.map(problem => brief(problem, problem)),
  )
  expected.forEach((problem, index) => {
    const text = `${found[index]!.message} ${found[index]!.suggestion ?? ''}`
    if (problem.says !== undefined && !says(problem.says, text)) expect(text).toContain(problem.says)
  })
  const valid = expected.every(problem => problem.severity === 'warning')
  expect({ valid: lint.valid, code: answer.code }).toEqual({ valid, code: valid ? 0 : 2 })
}

function place({ file, line, column }: Found, folder: string): string {
  return `${relative(folder, file)}:${line}:${column}`
}

function brief(problem: Problem | (Found & { at: string }), expected: Problem | undefined): string {
  const key = expected && expected.key === undefined ? '' : (problem.key ?? '')
  return `${problem.severity} ${problem.rule} ${problem.at} ${key}`
}
