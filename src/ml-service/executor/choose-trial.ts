import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StageFailure } from '#errors.ts'
import { didYouMean } from '../pipeline-file/suggest.ts'
import { bestTrial } from '../sweep/best-trial.ts'
import { linkTree } from './link-tree.ts'
import { clear } from './reuse-step.ts'
import { outputPaths } from './step-outputs.ts'
import type { SweepRun } from './sweep-run.ts'
import type { Trial } from './trial.ts'

/**
 * Makes the outputs of the best completed trial the step's. What failed or was stopped may not have written all of its
 * outputs, so it can't be the best. Throws StageFailure when there is none.
 */
export async function chooseTrial(s: SweepRun): Promise<void> {
  const completed = s.trials.filter(({ report }) => report.status === 'completed')
  if (completed.length === 0) throw new StageFailure(noneCompleted(s))
  const measured = completed.map(trial => ({ trial, metric: trial.report.metric }))
  const best = bestTrial(measured, s.sweep.objective.goal)?.trial
  if (!best) throw new StageFailure(await noMetric(s, completed))
  await takeOutputs(s, best)
  await markRuns(s, best).catch(() => {})
  s.update(best, { best: true })
}

function noneCompleted(s: SweepRun): string {
  const { name } = s.ready.step
  if (s.timedOut()) {
    return `step '${name}' was stopped after its limit of ${s.sweep.limits.timeoutSeconds} s, before a trial completed`
  }
  const first = s.trials.find(({ report }) => report.message !== null)?.report
  const why = first ? `: ${first.message}${first.status === 'failed' ? `, see ${first.log}` : ''}` : ''
  return `step '${name}': none of ${s.trials.length} trials completed${why}`
}

async function noMetric(s: SweepRun, completed: Trial[]): Promise<string> {
  const { metric } = s.sweep.objective
  const start = `step '${s.ready.step.name}': no trial logged`
  const ids = completed.map(({ runId }) => runId).filter(id => id !== undefined)
  const logged = await Promise.all(ids.map(id => s.tracking.metrics(id)))
  const names = [...new Set(logged.flatMap(Object.keys))].sort()
  if (names.includes(metric)) return `${start} a finite value of its primary metric '${metric}' as its last`
  const known = names.length === 0 ? 'no metric at all' : names.slice(0, 20).join(', ')
  const near = didYouMean(metric, names) ?? `log it with mlflow.log_metric('${metric}', …)`
  return `${start} its primary metric '${metric}'; they logged ${known}; ${near}`
}

async function takeOutputs({ job, ready }: SweepRun, best: Trial): Promise<void> {
  const from = outputPaths(job, best.ready.step)
  for (const [name, target] of Object.entries(outputPaths(job, ready.step))) {
    if (name !== 'artifacts') await take(join(job.folder.root, from[name]!), join(job.folder.root, target))
  }
  const [own, its] = [ready.step, best.ready.step].map(({ name }) =>
    join(job.folder.root, job.folder.step(name).artifacts),
  ) as [string, string]
  for (const name of ['outputs', 'logs']) await take(join(its, name), join(own, name))
}

async function take(source: string, target: string): Promise<void> {
  await clear(target)
  if (!existsSync(source)) return
  mkdirSync(dirname(target), { recursive: true })
  await linkTree(source, target)
}

/** The best child is marked; the step's run has its metrics, so that they count as the step's. */
async function markRuns(s: SweepRun, { runId, report }: Trial): Promise<void> {
  if (runId === undefined) return
  const { runId: parent } = await s.run
  const tags = { 'millwright.best_trial': String(report.trial), 'millwright.best_run': runId }
  await s.tracking.log(runId, { tags: { 'millwright.best': 'true' } })
  await s.tracking.log(parent, { tags, params: report.values, metrics: await s.tracking.metrics(runId) })
}
