import { expect, test } from 'vitest'
import type { StepReport } from './job.ts'
import { stepRecorder } from './step-recorder.ts'

const step = (name: string, status: StepReport['status']) => ({ name, status }) as StepReport

test('changes that are close to each other are one write of the latest states', async () => {
  const writes: string[][] = []
  const recorder = stepRecorder(async steps => {
    writes.push(steps.map(({ name, status }) => `${name} ${status}`))
  })
  for (let i = 0; i < 500; i++) {
    recorder.note(step(`s${i % 2}`, 'running'))
    recorder.note(step(`s${i % 2}`, 'completed'))
  }
  await recorder.flush()
  expect(writes).toEqual([['s0 completed', 's1 completed']])
})

test('what could not be kept is kept later, in its latest state, and a last failure is told', async () => {
  const kept: string[] = []
  let away = true
  const recorder = stepRecorder(async steps => {
    if (away) throw new Error('the database is away')
    kept.push(...steps.map(({ name, status }) => `${name} ${status}`))
  })
  recorder.note(step('a', 'running'))
  await expect(recorder.flush()).rejects.toThrow('away')
  recorder.note(step('a', 'completed'))
  away = false
  await recorder.flush()
  expect(kept).toEqual(['a completed'])
})

test('what is noted while a write is under way is written too, without another note', async () => {
  const kept: string[] = []
  let arrived = () => {}
  const last = new Promise<void>(resolve => {
    arrived = resolve
  })
  const recorder = stepRecorder(async steps => {
    if (kept.length === 0) recorder.note(step('a', 'completed'))
    kept.push(...steps.map(({ name, status }) => `${name} ${status}`))
    if (kept.includes('a completed')) arrived()
  })
  recorder.note(step('a', 'running'))
  await last
  expect(kept).toEqual(['a running', 'a completed'])
})
