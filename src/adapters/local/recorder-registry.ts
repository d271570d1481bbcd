import {
  newModel,
  newVersion,
  type RecordedModel,
  type RecordedModels,
  type RecordedVersion,
} from './recorded-models.ts'
import { type Fields, known, list, ProtocolError, type Route, text } from './recorder-protocol.ts'

/** Routes below `registered-models` and `model-versions`. What changes something is saved before it is answered. */
export function registryRoutes({ models, save }: RecordedModels): Record<string, Route> {
  const routes = { ...modelRoutes(models), ...aliasRoutes(models), ...versionRoutes(models) }
  const saving = Object.entries(routes).map(([name, route]) => [name, saved(name, route, save)] as const)
  return Object.fromEntries(saving)
}

function saved(name: string, route: Route, save: () => void): Route {
  if (name.startsWith('GET ')) return route
  return fields => {
    const answer = route(fields)
    save()
    return answer
  }
}

function modelRoutes(models: RecordedModels['models']): Record<string, Route> {
  const find = (fields: Fields) => findModel(models, fields)
  return {
    'POST registered-models/create': fields => {
      const name = text(fields.name)
      if (models.has(name)) throw new ProtocolError('RESOURCE_ALREADY_EXISTS', `model ${name} exists`, 400)
      models.set(name, newModel(name, fields))
      return { registered_model: modelDocument(models.get(name)!) }
    },
    'GET registered-models/get': fields => ({ registered_model: modelDocument(find(fields)) }),
    'PATCH registered-models/update': fields => {
      const model = Object.assign(find(fields), { description: text(fields.description) })
      return { registered_model: modelDocument(model) }
    },
    'GET registered-models/search': ({ filter }) => ({
      registered_models: [...models.values()].filter(model => matches(filter, model)).map(modelDocument),
    }),
    'POST registered-models/set-tag': fields => tag(find(fields).tags, fields),
    'DELETE registered-models/delete-tag': fields => untag(find(fields).tags, fields),
  }
}

function aliasRoutes(models: RecordedModels['models']): Record<string, Route> {
  return {
    'POST registered-models/alias': fields => {
      const { model, version } = findVersion(models, fields)
      model.aliases.set(text(fields.alias), version.version)
      return {}
    },
    'GET registered-models/alias': fields => {
      const model = findModel(models, fields)
      const version = known(model.aliases.get(text(fields.alias)), 'alias', fields.alias)
      const found = findVersion(models, { name: model.name, version })
      return { model_version: versionDocument(found.model, found.version) }
    },
    'DELETE registered-models/alias': fields => {
      findModel(models, fields).aliases.delete(text(fields.alias))
      return {}
    },
  }
}

function versionRoutes(models: RecordedModels['models']): Record<string, Route> {
  const answer = (fields: Fields, change: object = {}) => {
    const { model, version } = findVersion(models, fields)
    Object.assign(version, change)
    return { model_version: versionDocument(model, version) }
  }
  return {
    'POST model-versions/create': fields => {
      const model = findModel(models, fields)
      model.versions.push(newVersion(String(model.versions.length + 1), fields))
      return { model_version: versionDocument(model, model.versions.at(-1)!) }
    },
    'GET model-versions/get': fields => answer(fields),
    'GET model-versions/get-download-uri': fields => ({
      artifact_uri: findVersion(models, fields).version.source,
    }),
    'PATCH model-versions/update': fields => answer(fields, { description: text(fields.description) }),
    'POST model-versions/transition-stage': fields => answer(fields, { stage: text(fields.stage) }),
    'GET model-versions/search': ({ filter }) => ({ model_versions: searchVersions(models, filter) }),
    'POST model-versions/set-tag': fields => tag(findVersion(models, fields).version.tags, fields),
    'DELETE model-versions/delete-tag': fields => untag(findVersion(models, fields).version.tags, fields),
  }
}

function findModel(models: RecordedModels['models'], { name }: Fields): RecordedModel {
  return known(models.get(text(name)), 'registered model', name)
}

function findVersion(models: RecordedModels['models'], fields: Fields) {
  const model = findModel(models, fields)
  const found = model.versions.find(({ version }) => version === text(fields.version))
  return { model, version: known(found, `version of ${model.name}`, fields.version) }
}

function tag(tags: Map<string, string>, { key, value }: Fields): object {
  tags.set(text(key), text(value))
  return {}
}

function untag(tags: Map<string, string>, { key }: Fields): object {
  tags.delete(text(key))
  return {}
}

/** Newest first, as MLflow answers. */
function searchVersions(models: RecordedModels['models'], filter: unknown): object[] {
  const all = [...models.values()].flatMap(model => model.versions.map(version => ({ model, version })))
  const found = all.filter(({ model, version }) => matches(filter, model, version))
  return found.reverse().map(({ model, version }) => versionDocument(model, version))
}

/** Filters of the form `name = 'x' and tags.y != 'z'`; other comparisons are refused. */
function matches(filter: unknown, model: RecordedModel, version?: RecordedVersion): boolean {
  const conditions = text(filter)
    .split(/\s+and\s+/i)
    .filter(part => part.trim() !== '')
  return conditions.every(condition => {
    const [, key = '', operator, wanted] = CONDITION.exec(condition) ?? []
    const [, tag] = /^tags?\.`?(.+?)`?$/.exec(key) ?? []
    const fields: Record<string, string | undefined> = {
      name: model.name,
      run_id: version?.runId,
      version_number: version?.version,
    }
    if (!tag && !Object.hasOwn(fields, key)) {
      throw new ProtocolError(
        'INVALID_PARAMETER_VALUE',
        `the filter '${condition}' isn't understood here`,
        400,
      )
    }
    const found = tag ? (version ?? model).tags.get(tag) : fields[key]
    return (found === wanted) === (operator === '=')
  })
}

const CONDITION = /^\s*(\S+)\s*(!?=)\s*['"]?(.*?)['"]?\s*$/

function modelDocument(model: RecordedModel): object {
  return {
    name: model.name,
    description: model.description,
    creation_timestamp: model.created,
    last_updated_timestamp: model.updated,
    tags: list(model.tags),
    aliases: [...model.aliases].map(([alias, version]) => ({ alias, version })),
    latest_versions: model.versions.slice(-1).map(version => versionDocument(model, version)),
  }
}

function versionDocument(model: RecordedModel, version: RecordedVersion): object {
  return {
    name: model.name,
    version: version.version,
    source: version.source,
    run_id: version.runId,
    model_id: version.modelId || undefined,
    description: version.description,
    current_stage: version.stage,
    status: 'READY',
    creation_timestamp: version.created,
    last_updated_timestamp: version.updated,
    tags: list(version.tags),
    aliases: [...model.aliases].filter(([, number]) => number === version.version).map(([alias]) => alias),
  }
}
