import type { RecordedModels } from './recorded-models.ts'
import type { RecordedRun, RecordedRuns } from './recorded-runs.ts'
import { experimentDocument, metricDocument, runDocument, runInfo } from './recorder-documents.ts'
import { type LoggedModels, loggedModelRoutes } from './recorder-models.ts'
import { type Fields, known, pairs, type Route, text } from './recorder-protocol.ts'
import { registryRoutes } from './recorder-registry.ts'
import { orderRuns, runMatches } from './run-filter.ts'

/** The part of MLflow's REST protocol 2.0 that scripts use to log, by method and path below `/api/2.0/mlflow/`. */
export function recorderRoutes(
  records: RecordedRuns,
  models: { logged: LoggedModels; registered: RecordedModels },
): Record<string, Route> {
  return {
    ...experimentRoutes(records),
    ...runRoutes(records),
    ...loggingRoutes(records),
    ...loggedModelRoutes(models.logged),
    ...registryRoutes(models.registered),
  }
}

function experimentRoutes(records: RecordedRuns): Record<string, Route> {
  const find = (fields: Fields) =>
    known(records.experiments.get(text(fields.experiment_id)), 'experiment', fields.experiment_id)
  return {
    'GET experiments/get': fields => ({ experiment: experimentDocument(find(fields)) }),
    'GET experiments/get-by-name': ({ experiment_name: name }) => {
      const found = [...records.experiments.values()].find(one => one.name === name)
      return { experiment: experimentDocument(known(found, 'experiment', name)) }
    },
    'POST experiments/create': ({ name }) => ({ experiment_id: records.experiment(text(name)).id }),
    'POST experiments/search': () => ({
      experiments: [...records.experiments.values()].map(experimentDocument),
    }),
    'GET experiments/search': () => ({
      experiments: [...records.experiments.values()].map(experimentDocument),
    }),
    'POST experiments/set-experiment-tag': fields => {
      find(fields).tags.set(text(fields.key), text(fields.value))
      return {}
    },
  }
}

function runRoutes(records: RecordedRuns): Record<string, Route> {
  const find = (fields: Fields) => findRun(records, fields)
  return {
    'POST runs/create': fields => {
      const tags = pairs(fields.tags)
      const name = text(fields.run_name ?? tags.get('mlflow.runName') ?? 'run')
      const experimentId = text(fields.experiment_id)
      known(records.experiments.get(experimentId), 'experiment', experimentId)
      const startTime = Number(fields.start_time ?? Date.now())
      tags.set('mlflow.runName', name)
      return { run: runDocument(records.create({ experimentId, name, startTime, tags })) }
    },
    'GET runs/get': fields => ({ run: runDocument(find(fields)) }),
    'POST runs/update': fields => {
      const run = find(fields)
      if (fields.status !== undefined) run.status = statusName(fields.status)
      if (fields.end_time !== undefined) run.endTime = Number(fields.end_time)
      if (fields.run_name !== undefined) run.name = text(fields.run_name)
      return { run_info: runInfo(run) }
    },
    'POST runs/search': fields => {
      const experiments = new Set((fields.experiment_ids as unknown[] | undefined)?.map(text))
      const inside = [...records.runs.values()].filter(run => experiments.has(run.experimentId))
      const found = inside.filter(run => runMatches(run, text(fields.filter ?? '')))
      const ordered = orderRuns(found, ((fields.order_by as unknown[] | undefined) ?? []).map(text))
      return { runs: ordered.slice(0, Number(fields.max_results ?? 1000)).map(runDocument) }
    },
  }
}

function loggingRoutes(records: RecordedRuns): Record<string, Route> {
  const change = (action: (run: RecordedRun, fields: Fields) => void): Route => {
    return fields => {
      action(findRun(records, fields), fields)
      return {}
    }
  }
  return {
    'POST runs/log-metric': change(logMetric),
    'POST runs/log-parameter': change((run, { key, value }) => run.params.set(text(key), text(value))),
    'POST runs/set-tag': change((run, { key, value }) => run.tags.set(text(key), text(value))),
    'POST runs/delete-tag': change((run, { key }) => run.tags.delete(text(key))),
    'POST runs/log-batch': change((run, { metrics, params, tags }) => {
      for (const metric of (metrics as Fields[] | undefined) ?? []) logMetric(run, metric)
      for (const [key, value] of pairs(params)) run.params.set(key, value)
      for (const [key, value] of pairs(tags)) run.tags.set(key, value)
    }),
    'POST runs/log-inputs': change(() => {}),
    'POST runs/outputs': change(() => {}),
    'POST runs/log-model': change((run, { model_json: model }) => {
      const history = JSON.parse(run.tags.get('mlflow.log-model.history') ?? '[]') as unknown[]
      run.tags.set('mlflow.log-model.history', JSON.stringify([...history, JSON.parse(text(model))]))
    }),
    'GET metrics/get-history': fields => {
      const key = text(fields.metric_key)
      const points = findRun(records, fields).metrics.get(key) ?? []
      return { metrics: points.map(point => metricDocument(key, point)) }
    },
  }
}

function findRun(records: RecordedRuns, fields: Fields): RecordedRun {
  const id = text(fields.run_id ?? fields.run_uuid)
  return known(records.runs.get(id), 'run', id)
}

function logMetric(run: RecordedRun, { key, value, timestamp, step }: Fields): void {
  const point = { value: Number(value), timestamp: Number(timestamp ?? Date.now()), step: Number(step ?? 0) }
  const points = run.metrics.get(text(key))
  if (points) points.push(point)
  else run.metrics.set(text(key), [point])
}

const STATUSES = ['', 'RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']

function statusName(status: unknown): string {
  return STATUSES[Number(status)] ?? text(status)
}
