import type { ComponentVersion } from '#ports/component-registry.ts'
import type { PipelineVersion } from '#server/documents/ml-pipeline.ts'
import { facts } from './facts.ts'
import { shortDigest } from './identity.ts'
import type { View } from './show.ts'
import { table } from './table.ts'
import { ago } from './time.ts'

export const pipelineView: View<PipelineVersion> = (pipeline, look) => {
  const { colors, now } = look
  const title = `${colors.bold(`${pipeline.name}:${pipeline.version}`)}  ${colors.dim(`published ${ago(pipeline.createdAt, now)}`)}`
  const about = facts(
    [
      ['digest', pipeline.digest],
      ['file', pipeline.file],
    ],
    look,
  )
  return `${title}\n${about}\n\n${pipeline.files.map(path => `  ${path}`).join('\n')}`
}

export const pipelineTable: View<PipelineVersion[]> = (pipelines, look) => {
  if (pipelines.length === 0) return look.colors.dim('no published pipelines')
  return table(
    pipelines,
    [
      { title: 'pipeline', cell: one => `${one.name}:${one.version}`, paint: text => look.colors.bold(text) },
      { title: 'published', cell: one => ago(one.createdAt, look.now) },
      { title: 'files', cell: one => String(one.files.length), align: 'right' },
      { title: 'digest', cell: one => shortDigest(one.digest), paint: text => look.colors.dim(text) },
      { title: 'file', cell: one => one.file, flexible: true },
    ],
    look,
  )
}

export const componentView: View<ComponentVersion> = (component, look) => {
  const { colors, now } = look
  const title = `${colors.bold(`${component.name}:${component.version}`)}  ${colors.dim(`registered ${ago(component.createdAt, now)}`)}`
  const { type, description, digest, files } = component
  return `${title}\n${facts(Object.entries({ type, description, digest, files }), look)}`
}

export const componentTable: View<ComponentVersion[]> = (components, look) => {
  if (components.length === 0) return look.colors.dim('no registered components')
  return table(
    components,
    [
      {
        title: 'component',
        cell: one => `${one.name}:${one.version}`,
        paint: text => look.colors.bold(text),
      },
      { title: 'type', cell: one => one.type },
      { title: 'registered', cell: one => ago(one.createdAt, look.now) },
      { title: 'digest', cell: one => shortDigest(one.digest), paint: text => look.colors.dim(text) },
      { title: 'description', cell: one => one.description ?? '', flexible: true },
    ],
    look,
  )
}
