import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Fields, pairs, text } from './recorder-protocol.ts'

/** Models that scripts register (`mlflow.register_model`), in a file of JSON. */
export interface RecordedModels {
  models: Map<string, RecordedModel>
  save(): void
}

export interface RecordedModel {
  name: string
  description: string
  created: number
  updated: number
  tags: Map<string, string>
  aliases: Map<string, string>
  versions: RecordedVersion[]
}

export interface RecordedVersion {
  version: string
  source: string
  runId: string
  modelId: string
  description: string
  stage: string
  created: number
  updated: number
  tags: Map<string, string>
}

/** Opens the file; models of earlier processes are there again. */
export function openRecordedModels(file: string): RecordedModels {
  const models = new Map(readModels(file).map(model => [model.name, model]))
  const save = () => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify([...models.values()], toPlain, 1)}\n`)
  }
  return { models, save }
}

export function newModel(name: string, fields: Fields): RecordedModel {
  const now = Date.now()
  const description = text(fields.description)
  return {
    name,
    description,
    created: now,
    updated: now,
    tags: pairs(fields.tags),
    aliases: new Map(),
    versions: [],
  }
}

export function newVersion(version: string, fields: Fields): RecordedVersion {
  const now = Date.now()
  return {
    version,
    source: text(fields.source),
    runId: text(fields.run_id),
    modelId: text(fields.model_id),
    description: text(fields.description),
    stage: 'None',
    created: now,
    updated: now,
    tags: pairs(fields.tags),
  }
}

function toPlain(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value
}

function readModels(file: string): RecordedModel[] {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as RecordedModel[]
    return kept.map(model => ({
      ...model,
      tags: mapOf(model.tags),
      aliases: mapOf(model.aliases),
      versions: model.versions.map(version => ({ ...version, tags: mapOf(version.tags) })),
    }))
  } catch {
    return []
  }
}

function mapOf(values: object): Map<string, string> {
  return new Map(Object.entries(values))
}
