import type { DatasetVersion } from '#datasets/dataset.ts'
import type { ColumnProfile } from '#datasets/profile.ts'
import type { DatasetDocument } from '#server/documents/dataset.ts'
import { facts } from './facts.ts'
import { shortDigest, size } from './identity.ts'
import type { Look, View } from './show.ts'
import { table } from './table.ts'
import { ago } from './time.ts'

export const datasetTable: View<DatasetVersion[]> = (datasets, look) => {
  if (datasets.length === 0) return look.colors.dim('no datasets')
  const columns = [
    { title: 'dataset', cell: (d: DatasetVersion) => `${d.name}:${d.version}`, paint: look.colors.bold },
    { title: 'rows', cell: (d: DatasetVersion) => d.rows?.toString() ?? '', align: 'right' as const },
    { title: 'files', cell: (d: DatasetVersion) => String(d.files.length), align: 'right' as const },
    { title: 'size', cell: (d: DatasetVersion) => size(bytesOf(d)), align: 'right' as const },
    { title: 'digest', cell: (d: DatasetVersion) => shortDigest(d.digest) },
    { title: 'registered', cell: (d: DatasetVersion) => ago(d.createdAt, look.now) },
  ]
  return table(datasets, columns, look)
}

export const datasetView: View<DatasetVersion | DatasetDocument> = (dataset, look) => {
  const { colors } = look
  const about = facts(
    [
      ['digest', dataset.digest],
      ['rows', dataset.rows],
      ['columns', dataset.profile ? dataset.columns?.length : dataset.columns?.join(', ')],
      ['note', dataset.profileNote],
      ['size', size(bytesOf(dataset))],
      ['registered', ago(dataset.createdAt, look.now)],
      ...('usedBy' in dataset ? lineage(dataset) : []),
    ],
    look,
  )
  const shown = dataset.files.slice(0, 20)
  const files = table(
    shown,
    [
      { title: 'file', cell: file => file.path, flexible: true },
      { title: 'size', cell: file => size(file.bytes), align: 'right' },
      { title: 'digest', cell: file => shortDigest(file.digest), paint: colors.dim },
    ],
    look,
    '  ',
  )
  const more = dataset.files.length - shown.length
  const rest = more > 0 ? colors.dim(`\nand ${more} more files: see --json`) : ''
  const title = `${colors.bold(`${dataset.name}:${dataset.version}`)}\n${about}`
  const profile = dataset.profile ? [profileTable(dataset.profile.columns, look)] : []
  return [title, ...profile, `${files}${rest}`].join('\n\n')
}

function lineage({ usedBy, madeBy }: DatasetDocument): [string, string | null][] {
  return [
    ['made by', madeBy && `${madeBy.job}, output ${madeBy.output}`],
    ['used by', usedBy.jobs.map(use => `${use.job} as ${use.input} (${use.status})`).join('\n')],
    ['models', usedBy.models.map(model => `${model.name}:${model.version}`).join(', ')],
  ]
}

function profileTable(columns: ColumnProfile[], look: Look): string {
  const shown = columns.slice(0, 50)
  const profiled = table(
    shown,
    [
      { title: 'column', cell: column => column.name, flexible: true },
      { title: 'type', cell: column => column.type },
      { title: 'missing', cell: column => String(column.missing), align: 'right' },
      { title: 'min', cell: column => boundText(column.min), align: 'right' },
      { title: 'max', cell: column => boundText(column.max), align: 'right' },
      { title: 'distinct', cell: column => `~${column.distinct}`, align: 'right' },
    ],
    look,
    '  ',
  )
  const more = columns.length - shown.length
  return more > 0 ? `${profiled}${look.colors.dim(`\nand ${more} more columns: see --json`)}` : profiled
}

/** Texts from outside may hold line breaks. */
function boundText(bound: ColumnProfile['min']): string {
  return bound === null ? '' : String(bound).replace(/\s+/g, ' ').slice(0, 24)
}

function bytesOf({ files }: DatasetVersion): number {
  return files.reduce((sum, file) => sum + file.bytes, 0)
}
