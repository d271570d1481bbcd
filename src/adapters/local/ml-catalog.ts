import { existsSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import type { Kysely } from 'kysely'
import type { Database, PublishedPipelineRow } from '#database/schema.ts'
import { NotFoundError, UserError } from '#errors.ts'
import { localDisk } from '#ml-service/pipeline-file/disk.ts'
import { firstError, readPlan } from '#ml-service/pipeline-file/lint.ts'
import { planPipeline } from '#ml-service/pipeline-file/plan-pipeline.ts'
import type { Plan, StepInput } from '#ml-service/plan.ts'
import { nearest } from '#model-types/nearest.ts'
import { SETTINGS_FILE } from '#model-types/read-settings.ts'
import type { FileRequest, MlCatalog, PipelineVersion } from '#ports/ml-catalog.ts'
import type { TreeFile } from '#ports/pipeline-runner.ts'
import { componentLookup } from './component-lookup.ts'
import { pipelineTree } from './pipeline-tree.ts'
import { type PipelineManifest, publishedFolder, publishTree } from './publish-tree.ts'
import { settingsAbove } from './settings-above.ts'

export interface LocalCatalogOptions {
  db: Kysely<Database>
  /** Folder of published pipelines, by digest. */
  pipelines: string
  /** Folder of the component registry. */
  components: string
}

/** Published pipelines as rows, and folders by digest. */
export function localMlCatalog(options: LocalCatalogOptions): MlCatalog {
  const { db, pipelines, components } = options
  const lookup = componentLookup(components)
  return {
    async publish(request) {
      const plan = checked(request, lookup)
      const { file } = request
      const tree = await pipelineTree(file, { components, code: 'links', also: dataOfSteps(plan) })
      const name = pipelineName(
        request.name ?? tree.definition.name ?? basename(file).replace(/\.ya?ml$/, ''),
      )
      const pipelineFile = relative(tree.root, file).split(sep).join('/')
      const files = withSettings(tree.files, file)
      const row = await publishTree(options, { name, pipelineFile, files })
      const data = localData(plan?.inputs ?? {})
      return { pipeline: version(row), data, complete: plan !== undefined && !missingIn(data) }
    },
    async list(name) {
      const query = db.selectFrom('published_pipelines').selectAll()
      const rows = await (name === undefined ? query : query.where('name', '=', name))
        .orderBy('created_at', 'desc')
        .orderBy('version', 'desc')
        .execute()
      return rows.map(version)
    },
    async find(reference) {
      const [, name = reference, number] = /^(.+?)(?::([1-9][0-9]{0,8})|@latest)?$/.exec(reference) ?? []
      const query = db.selectFrom('published_pipelines').selectAll().where('name', '=', name)
      const row = await (number ? query.where('version', '=', Number(number)) : query)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (row) return version(row)
      throw await unknown(db, reference, name)
    },
    async check({ digest }, inputs) {
      const folder = publishedFolder(pipelines, digest)
      const row = await db
        .selectFrom('published_pipelines')
        .select('manifest')
        .where('digest', '=', digest)
        .executeTakeFirstOrThrow()
      const plan = readPlan(join(folder, (row.manifest as PipelineManifest).pipelineFile), inputs, lookup)
      refuseMissing(localData(plan.inputs))
    },
  }
}

/** Undefined for a component whose inputs have no values yet. */
function checked(
  { file, inputs }: FileRequest,
  registry: ReturnType<typeof componentLookup>,
): Plan | undefined {
  const { plan, problems } = planPipeline(file, { ...localDisk, inputs, openInputs: true, registry })
  const problem = firstError(problems)
  if (problem) throw problem
  return plan
}

/** Data that a step names by itself, out of reach of a job's inputs, is part of the pipeline. */
function dataOfSteps(plan: Plan | undefined): string[] {
  const given = new Set(Object.values(localData(plan?.inputs ?? {})))
  const named = (plan?.steps ?? []).flatMap(step => Object.values(localData(step.inputs)))
  return [...new Set(named)].filter(path => !given.has(path) && existsSync(path))
}

function localData(inputs: Record<string, StepInput>): Record<string, string> {
  const paths = Object.entries(inputs).flatMap(([name, input]) =>
    input.kind === 'data' && input.source.kind === 'path' ? [[name, input.source.value] as const] : [],
  )
  return Object.fromEntries(paths)
}

function refuseMissing(data: Record<string, string>): void {
  const missing = missingIn(data)
  if (!missing) return
  const [name, path] = missing
  throw new UserError('missing-data', `there is no data for the input '${name}': ${path} isn't there`, {
    place: { key: `inputs.${name}` },
    hint: `give it: --input ${name}=<path or azureml:dataset@latest>`,
  })
}

function missingIn(data: Record<string, string>): [name: string, path: string] | undefined {
  return Object.entries(data).find(([, path]) => !existsSync(path))
}

/** The map of environments comes with the pipeline. */
function withSettings(files: readonly TreeFile[], file: string): TreeFile[] {
  const from = settingsAbove(file)
  const others = files.filter(({ path }) => path !== SETTINGS_FILE)
  return from === undefined ? [...files] : [...others, { path: SETTINGS_FILE, from }]
}

function pipelineName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return name
  throw new UserError('bad-pipeline-name', `'${name}' can't be the name of a pipeline`, {
    hint: 'use letters, digits, dots, underscores and hyphens: --name <name>',
  })
}

function version({ name, version, digest, manifest, created_at }: PublishedPipelineRow): PipelineVersion {
  const { pipelineFile, files } = manifest as PipelineManifest
  return { name, version, digest, file: pipelineFile, files, createdAt: created_at.toISOString() }
}

async function unknown(db: Kysely<Database>, reference: string, name: string): Promise<NotFoundError> {
  const rows = await db.selectFrom('published_pipelines').select('name').distinct().execute()
  const names = rows.map(row => row.name)
  const meant = names.includes(name) ? undefined : nearest(name, names)
  const known = names.includes(name) ? ` ${name}` : ''
  return new NotFoundError('no-such-pipeline', `there is no published pipeline '${reference}'`, {
    hint: meant ? `did you mean '${meant}'?` : `see \`millwright ml pipeline list${known}\``,
  })
}
