import type { DatasetDocument } from '#server/documents/dataset.ts'
import { facts } from './facts.ts'
import { shortDigest, size } from './identity.ts'
import type { View } from './show.ts'
import { table } from './table.ts'
import { ago } from './time.ts'

export const datasetTable: View<DatasetDocument[]> = (datasets, look) => {
  if (datasets.length === 0) return look.colors.dim('no datasets')
  const columns = [
    { title: 'dataset', cell: (d: DatasetDocument) => `${d.name}:${d.version}`, paint: look.colors.bold },
    { title: 'rows', cell: (d: DatasetDocument) => d.rows?.toString() ?? '', align: 'right' as const },
    { title: 'files', cell: (d: DatasetDocument) => String(d.files.length), align: 'right' as const },
    { title: 'size', cell: (d: DatasetDocument) => size(bytesOf(d)), align: 'right' as const },
    { title: 'digest', cell: (d: DatasetDocument) => shortDigest(d.digest) },
    { title: 'registered', cell: (d: DatasetDocument) => ago(d.createdAt, look.now) },
  ]
  return table(datasets, columns, look)
}

export const datasetView: View<DatasetDocument> = (dataset, look) => {
  const { colors } = look
  const about = facts(
    [
      ['digest', dataset.digest],
      ['rows', dataset.rows],
      ['columns', dataset.columns?.join(', ')],
      ['size', size(bytesOf(dataset))],
      ['registered', ago(dataset.createdAt, look.now)],
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
  return `${colors.bold(`${dataset.name}:${dataset.version}`)}\n${about}\n\n${files}${rest}`
}

function bytesOf({ files }: DatasetDocument): number {
  return files.reduce((sum, file) => sum + file.bytes, 0)
}
