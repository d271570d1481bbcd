import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { NotFoundError } from '#errors.ts'
import { type Reuse, readRecord, type StepRecord } from './executor/record.ts'
import type { KeptStep, StepCache, StepStatus } from './job.ts'
import { didYouMeanOneOf } from './pipeline-file/suggest.ts'

/** Why a step of a job was run, or wasn't (`ml explain`). */
export interface StepExplanation {
  job: string
  step: string
  status: StepStatus
  reuse: Reuse
  reusedFrom: string | null
  /** One sentence. */
  reason: string
  /** The kept step that is most like this one, and where it was made; null when none is kept. */
  comparedWith: { job: string; storedAt: string } | null
  /** Every part of the key. `text` and `before` show what can be shown, else they are null. */
  parts: { part: string; same: boolean; text: string | null; before: string | null }[]
}

/**
 * Explains from the job's own folder and what is kept of steps with this name. Throws NotFoundError for a step without
 * a record: it isn't there, or it hasn't ended yet.
 */
export async function explainStep(
  directory: string,
  step: string,
  cache: Pick<StepCache, 'ofStep'>,
): Promise<StepExplanation> {
  const named = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(step)
  const record = named && (await readRecord(join(directory, 'steps', step, 'record.json')))
  if (!record) throw noRecord(directory, step)
  const kept = await cache.ofStep(step)
  const earlier = record.reuse === 'reused' ? origin(record, kept) : mostAlike(record, kept)
  const parts = compareParts(record, earlier)
  return {
    job: record.job,
    step,
    status: record.report.status,
    reuse: record.reuse,
    reusedFrom: record.report.reusedFrom,
    reason: reasonOf(record, earlier, parts),
    comparedWith: earlier ? { job: earlier.job, storedAt: earlier.storedAt } : null,
    parts,
  }
}

function noRecord(directory: string, step: string): NotFoundError {
  const folder = join(directory, 'steps')
  const known = existsSync(folder) ? readdirSync(folder) : []
  const message = known.includes(step)
    ? `step '${step}' hasn't ended, or was interrupted`
    : `there is no step '${step}' in ${directory}`
  const hint = known.includes(step) ? undefined : didYouMeanOneOf(step, known, 'steps')
  return new NotFoundError('no-such-step', message, hint ? { hint } : {})
}

function origin(record: StepRecord, kept: KeptStep[]): KeptStep | undefined {
  return kept.find(one => one.job === record.report.reusedFrom && differing(record, one).length === 0)
}

/** With the fewest differing parts, of other jobs; the newest of those. */
function mostAlike(record: StepRecord, kept: KeptStep[]): KeptStep | undefined {
  const others = kept.filter(one => one.job !== record.job)
  const distances = others.map(one => differing(record, one).length)
  return others[distances.indexOf(Math.min(...distances))]
}

function differing(record: StepRecord, { parts }: KeptStep): string[] {
  const names = new Set([...Object.keys(record.parts), ...Object.keys(parts)])
  return [...names].filter(name => record.parts[name] !== parts[name]).sort()
}

function compareParts(record: StepRecord, earlier: KeptStep | undefined): StepExplanation['parts'] {
  const names = new Set([...Object.keys(record.parts), ...Object.keys(earlier?.parts ?? {})])
  return [...names].sort().map(part => ({
    part,
    same: earlier !== undefined && record.parts[part] === earlier.parts[part],
    text: record.texts[part] ?? null,
    before: earlier?.texts[part] ?? null,
  }))
}

function reasonOf(
  record: StepRecord,
  earlier: KeptStep | undefined,
  parts: StepExplanation['parts'],
): string {
  const changed = parts.filter(({ same }) => !same).map(({ part }) => part)
  if (record.reuse === 'reused') {
    return `its outputs were taken from job ${record.report.reusedFrom}: every part of its key is the same`
  }
  if (record.reuse === 'forced') return 'it was run because the job was told to run every step'
  if (record.reuse === 'not-deterministic')
    return 'it was run because its component says is_deterministic: false'
  if (record.reuse === 'repeated') return 'it was run because an equal step of the same job is run too'
  if (!earlier) return 'it was run because no other job has left outputs of a step with this name'
  if (changed.length === 0)
    return `it was run because what job ${earlier.job} left came later, or was damaged`
  return `it was run because ${listed(changed)} ${changed.length === 1 ? 'differs' : 'differ'} from job ${earlier.job}`
}

function listed(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
