import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { JobReport, StepReport } from '#ml-service/job.ts'
import type { Contents, Run, Step } from './expectation.ts'
import { filesBelow, is, says } from './files.ts'
import type { Answer } from './play-case.ts'

const CODES = { completed: 0, failed: 3 }

/** Exit code, the job's and every step's status, logs, outputs and what was logged to tracking. */
export function checkRun(expected: Run, answer: Answer, job: string): void {
  const report = JSON.parse(answer.stdout) as JobReport
  expect(report.steps, answer.stdout + answer.stderr).toBeDefined()
  const wanted = wantedSteps(expected, report)
  expect(report.steps.map(statusOf), logs(report)).toEqual(
    report.steps.map(({ name }) => [name, wanted.get(name)?.status ?? 'completed']),
  )
  expect([report.status, answer.code]).toEqual([expected.status, CODES[expected.status as 'completed']])
  for (const step of report.steps) checkStep(wanted.get(step.name), step, job)
  if (expected.outputs) checkOutputs(expected.outputs, report.outputs)
  if (expected.error !== undefined) expectSays(expected.error, report.error ?? '')
}

/** Exit code 2 with the reason, and nothing was started. */
export function checkRefusal(expected: Run, answer: Answer, job: string): void {
  expect(answer.code, answer.stdout + answer.stderr).toBe(2)
  const { error } = JSON.parse(answer.stdout) as { error: { message: string; hint?: string | null } }
  if (expected.error !== undefined) expectSays(expected.error, `${error.message} ${error.hint ?? ''}`)
  const steps = join(job, 'steps')
  expect(existsSync(steps) ? readdirSync(steps) : []).toEqual([])
}

function wantedSteps(expected: Run, report: JobReport): Map<string, Step> {
  const entries = Object.entries(expected.steps)
  expect(report.steps.map(step => step.name)).toEqual(expect.arrayContaining(entries.map(([name]) => name)))
  return new Map(
    entries.map(([name, step]) => [name, typeof step === 'string' ? { status: step } : step] as const),
  )
}

function checkStep(expected: Step | undefined, step: StepReport, job: string): void {
  if (!expected) return
  if (expected.exitCode !== undefined) expect(step.exitCode, step.name).toBe(expected.exitCode)
  if (expected.reused !== undefined) expect([step.name, step.reused]).toEqual([step.name, expected.reused])
  if (expected.error !== undefined) expectSays(expected.error, step.error ?? '')
  checkLog(expected, step)
  if (expected.outputs) checkOutputs(expected.outputs, step.outputs)
  if (expected.tracking) expect(trackedOf(step.name, job)).toMatchObject(expected.tracking)
}

function checkLog(expected: Step, step: StepReport): void {
  const log = logOf(step)
  if (expected.log !== undefined && !is(expected.log, log)) expect(log).toBe(expected.log)
  const lines = log.split('\n')
  const absent = (expected.lines ?? []).filter(line => !lines.some(found => is(line, found)))
  const present = (expected.noLines ?? []).filter(line => lines.some(found => is(line, found)))
  expect({ step: step.name, absent, present }, log).toEqual({ step: step.name, absent: [], present: [] })
}

function checkOutputs(expected: Record<string, Contents>, found: Record<string, string>): void {
  expect(Object.keys(found)).toEqual(expect.arrayContaining(Object.keys(expected)))
  for (const [name, contents] of Object.entries(expected)) checkContents(contents, found[name]!)
}

function checkContents(expected: Contents, path: string): void {
  if (typeof expected === 'string') {
    checkFile(expected, path)
    return
  }
  expect(statSync(path).isDirectory(), `${path} is a folder`).toBe(true)
  const patterns = Object.keys(expected)
  const files = filesBelow(path)
  const unmatched = files.filter(file => !patterns.some(pattern => is(pattern, file)))
  expect({ unmatched, count: files.length }, files.join()).toEqual({ unmatched: [], count: patterns.length })
  for (const pattern of patterns)
    checkFile(expected[pattern]!, join(path, files.find(file => is(pattern, file))!))
}

function checkFile(expected: string, path: string): void {
  const text = readFileSync(path, 'utf8')
  if (!is(expected, text)) expect(text).toBe(expected)
}

function trackedOf(step: string, job: string): unknown {
  const folder = join(job, 'tracking', 'runs')
  const runs = readdirSync(folder).map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  const run = runs.find(one => one.tags['mlflow.runName'] === step)
  const metrics = Object.entries(run?.metrics ?? {}) as [string, { value: number }[]][]
  return { ...run, metrics: Object.fromEntries(metrics.map(([key, points]) => [key, points.at(-1)?.value])) }
}

function statusOf({ name, status }: StepReport): [string, string] {
  return [name, status]
}

function logOf({ log }: StepReport): string {
  return existsSync(log) ? readFileSync(log, 'utf8') : ''
}

function logs({ steps }: JobReport): string {
  return steps.map(step => `${step.name}: ${step.error ?? ''}\n${logOf(step)}`).join('\n')
}

function expectSays(pattern: string, text: string): void {
  if (!says(pattern, text)) expect(text).toContain(pattern)
}
