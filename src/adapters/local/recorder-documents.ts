import {
  jsonNumber,
  latestPoint,
  type MetricPoint,
  type RecordedExperiment,
  type RecordedRun,
} from './recorded-runs.ts'
import { list } from './recorder-protocol.ts'

export function experimentDocument({ id, name, artifactLocation, tags }: RecordedExperiment): object {
  const location = { artifact_location: artifactLocation, lifecycle_stage: 'active' }
  return { experiment_id: id, name, ...location, tags: list(tags) }
}

export function runDocument(run: RecordedRun): object {
  const metrics = [...run.metrics].map(([key, points]) => metricDocument(key, latestPoint(points)!))
  const data = { metrics, params: list(run.params), tags: list(run.tags) }
  return { info: runInfo(run), data, inputs: {}, outputs: {} }
}

export function runInfo(run: RecordedRun): object {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: '',
    status: run.status,
    start_time: run.startTime,
    ...(run.endTime === undefined ? {} : { end_time: run.endTime }),
    artifact_uri: run.artifactUri,
    lifecycle_stage: 'active',
  }
}

export function metricDocument(key: string, { value, timestamp, step }: MetricPoint): object {
  return { key, value: jsonNumber(value), timestamp, step }
}
