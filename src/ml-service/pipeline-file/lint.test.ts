import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '#errors.ts'
import { lintPipeline, readPlan } from './lint.ts'

const STEP = 'command: run ${{inputs.data}}\nenvironment: azureml:e@latest\n'
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'))
  mkdirSync(join(folder, 'src'))
  mkdirSync(join(folder, 'empty'))
  writeFileSync(join(folder, 'src', 'run.py'), '')
  writeFileSync(join(folder, 'component.yml'), `inputs: {data: {type: uri_folder}}\ncode: ./src\n${STEP}`)
  writeFileSync(
    join(folder, 'bad.yml'),
    `inputs: {data: {type: uri_folder}}\ncode: ./empty\n${STEP}bogus: 1\n`,
  )
  writeFileSync(join(folder, 'latin.yml'), Buffer.from([0x74, 0x3a, 0x20, 0xff, 0x0a]))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('lintPipeline', () => {
  it('finds a correct file valid', () => {
    expect(lintPipeline(join(folder, 'component.yml'))).toEqual({ valid: true, problems: [] })
  })

  it('gives every problem in the documented shape', () => {
    const { valid, problems } = lintPipeline(join(folder, 'bad.yml'))
    expect(valid).toBe(false)
    expect(problems).toEqual([
      {
        severity: 'error',
        rule: 'empty-code',
        file: join(folder, 'bad.yml'),
        line: 2,
        column: 7,
        key: 'code',
        message: `the code folder ${join(folder, 'empty')} is empty`,
        suggestion: null,
      },
      expect.objectContaining({ severity: 'warning', rule: 'unknown-key', line: 5, key: 'bogus' }),
    ])
  })

  it.each(['missing.yml', 'src', 'src/run.py', 'latin.yml'])('never throws: %s', name => {
    expect(lintPipeline(join(folder, name)).valid).toBe(false)
  })
})

describe('readPlan', () => {
  it('plans with the given inputs', () => {
    const plan = readPlan(join(folder, 'component.yml'), { data: join(folder, 'src') })
    expect(plan.steps[0]).toMatchObject({ name: 'step', code: join(folder, 'src') })
  })

  it('throws the first error and counts the rest', () => {
    const attempt = () => readPlan(join(folder, 'bad.yml'), { dat: 'x' })
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow(/\(and 2 more problems\)$/)
    try {
      attempt()
    } catch (error) {
      expect(error).toMatchObject({
        code: 'unknown-input',
        hint: "did you mean 'data'?",
        place: { file: join(folder, 'bad.yml'), line: 1, column: 1, key: 'inputs.dat' },
      })
    }
  })
})
