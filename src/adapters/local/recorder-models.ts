import { fileUrl, newId } from './recorded-runs.ts'
import { type Fields, known, list, pairs, type Route, text } from './recorder-protocol.ts'

/** Models that scripts log as entities of their own (MLflow 3). Their files lie beside the runs' artifacts. */
export interface LoggedModels {
  directory: string
  models: Map<string, LoggedModel>
}

interface LoggedModel {
  id: string
  name: string
  experimentId: string
  runId: string
  type: string
  status: string
  created: number
  updated: number
  artifactUri: string
  tags: Map<string, string>
  params: Map<string, string>
}

/** Routes below `logged-models`; `:id` in a path stands for the model's id, which comes as `model_id`. */
export function loggedModelRoutes({ directory, models }: LoggedModels): Record<string, Route> {
  const find = (fields: Fields) => known(models.get(text(fields.model_id)), 'logged model', fields.model_id)
  return {
    'POST logged-models': fields => {
      const model = create(directory, fields)
      models.set(model.id, model)
      return { model: document(model) }
    },
    'GET logged-models/:id': fields => ({ model: document(find(fields)) }),
    'PATCH logged-models/:id': fields => {
      const model = Object.assign(find(fields), { status: text(fields.status), updated: Date.now() })
      return { model: document(model) }
    },
    'PATCH logged-models/:id/tags': fields => {
      const model = find(fields)
      for (const [key, value] of pairs(fields.tags)) model.tags.set(key, value)
      return { model: document(model) }
    },
    'POST logged-models/:id/params': fields => {
      const model = find(fields)
      for (const [key, value] of pairs(fields.params)) model.params.set(key, value)
      return {}
    },
    'POST logged-models/search': fields => {
      const experiments = new Set(((fields.experiment_ids as unknown[] | undefined) ?? []).map(text))
      const found = [...models.values()].filter(model => experiments.has(model.experimentId))
      return { models: found.map(document) }
    },
  }
}

function create(directory: string, fields: Fields): LoggedModel {
  const id = `m-${newId()}`
  const experimentId = text(fields.experiment_id)
  return {
    id,
    name: text(fields.name || id),
    experimentId,
    runId: text(fields.source_run_id),
    type: text(fields.model_type),
    status: 'LOGGED_MODEL_PENDING',
    created: Date.now(),
    updated: Date.now(),
    artifactUri: fileUrl(directory, 'artifacts', experimentId, 'models', id, 'artifacts'),
    tags: pairs(fields.tags),
    params: pairs(fields.params),
  }
}

function document(model: LoggedModel): object {
  const info = {
    model_id: model.id,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.created,
    last_updated_timestamp_ms: model.updated,
    artifact_uri: model.artifactUri,
    status: model.status,
    creator_id: 0,
    model_type: model.type,
    source_run_id: model.runId,
    tags: list(model.tags),
  }
  return { info, data: { params: list(model.params), metrics: [] } }
}
