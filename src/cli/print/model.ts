import type { EnvironmentDocument, ModelDocument, ModelVersion } from '#server/documents/model.ts'
import { facts } from './facts.ts'
import { shortCommit, shortDigest } from './identity.ts'
import type { Look, View } from './show.ts'
import { table } from './table.ts'
import { ago } from './time.ts'

export const modelTable: View<ModelDocument[]> = (models, look) => {
  const { colors, now } = look
  if (models.length === 0) return colors.dim('no models')
  return table(
    models,
    [
      { title: 'model', cell: model => model.name, paint: text => colors.bold(text) },
      { title: 'versions', cell: model => String(model.versions.length), align: 'right' },
      { title: 'best', cell: model => bestIn(model.environments), paint: text => colors.green(text) },
      { title: 'newest', cell: model => `${model.version}, ${ago(model.createdAt, now)}` },
    ],
    look,
  )
}

/** One version, where it stands among the others, and where which is best. */
export const modelView: View<ModelDocument> = (model, look) => {
  const { colors, now } = look
  const title = `${colors.bold(`${model.name}:${model.version}`)}  ${colors.dim(`of ${model.versions.length}, registered ${ago(model.createdAt, now)}`)}`
  const parts = [
    `${title}\n${facts([['digest', model.digest]], look)}`,
    section('Tags', facts(Object.entries(model.tags), look), look),
    section('Properties', facts(Object.entries(model.properties), look), look),
    section('Environments', environmentTable(model.environments, look), look),
  ]
  return parts.filter(Boolean).join('\n\n')
}

/** Newest first, as people look for them. */
export const versionTable: View<ModelVersion[]> = (versions, look) => {
  const { colors, now } = look
  return table(
    [...versions].reverse(),
    [
      {
        title: 'version',
        cell: version => String(version.version),
        align: 'right',
        paint: text => colors.bold(text),
      },
      { title: 'tags', cell: tagText, paint: text => colors.green(text) },
      { title: 'build', cell: version => version.properties.build_id ?? '', align: 'right' },
      { title: 'commit', cell: version => shortCommit(version.properties.commit ?? '') },
      { title: 'job', cell: version => version.properties.ml_job ?? '' },
      { title: 'registered', cell: version => ago(version.createdAt, now) },
      { title: 'digest', cell: version => shortDigest(version.digest), paint: text => colors.dim(text) },
      {
        title: 'container',
        cell: version => version.tags.container ?? '',
        paint: text => colors.dim(text),
        flexible: true,
      },
    ],
    look,
  )
}

function environmentTable(environments: EnvironmentDocument[], look: Look): string {
  if (environments.length === 0) return ''
  const { colors, now } = look
  return table(
    environments,
    [
      { title: 'environment', cell: one => one.environment },
      { title: 'best', cell: one => one.best?.toString() ?? 'none', paint: text => colors.green(text) },
      { title: 'since', cell: one => ago(one.changedAt, now) },
      { title: 'by', cell: one => one.by ?? '' },
      { title: 'reason', cell: one => one.reason ?? '', flexible: true, paint: text => colors.dim(text) },
    ],
    look,
    '  ',
  )
}

function section(title: string, text: string, { colors }: Look): string {
  return text === '' ? '' : `${colors.bold(title)}\n${text}`
}

function bestIn(environments: EnvironmentDocument[]): string {
  return environments.map(({ environment, best }) => `${environment}: ${best ?? 'none'}`).join(', ')
}

/** `best` with its environments, `latest`; the others have their own columns. */
function tagText({ tags }: ModelVersion): string {
  const best = tags.best === undefined ? [] : [`best (${tags.best})`]
  return [...best, ...(tags.latest === undefined ? [] : ['latest'])].join(', ')
}
