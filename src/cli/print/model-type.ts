import type { ModelTypeDocument } from '#server/documents/model-type.ts'
import { facts } from './facts.ts'
import { shortCommit } from './identity.ts'
import type { View } from './show.ts'
import { table } from './table.ts'

export const modelTypeTable: View<ModelTypeDocument[]> = (types, look) => {
  const { colors } = look
  if (types.length === 0) return colors.dim('no model types; add a repository with `millwright repo add`')
  return table(
    types,
    [
      { title: 'model type', cell: type => type.name, paint: text => colors.bold(text) },
      { title: 'repository', cell: type => type.repository },
      { title: 'folder', cell: type => type.folder },
      { title: 'commit', cell: type => shortCommit(type.commit) },
      { title: 'metric', cell: type => type.declaration?.compare.metric ?? '' },
      {
        title: 'problem',
        cell: type => (type.problem === null ? '' : problemText(type.problem)),
        paint: text => colors.red(text),
        flexible: true,
      },
    ],
    look,
  )
}

export const modelTypeView: View<ModelTypeDocument> = (type, look) => {
  const { declaration } = type
  const title = `${look.colors.bold(type.name)}  ${type.folder} of ${type.repository}, ${type.branch} at ${shortCommit(type.commit)}`
  if (declaration === null) return title
  const { checks, pipeline, train, compare, serve, sample, drift, requirements } = declaration
  const lines = facts(
    [
      ['lint', checks.lint],
      ['test', checks.test],
      ['requirements', requirements],
      ['pipeline', pipeline],
      ['trains with', pairs(train.inputs)],
      ['sample', pairs(sample)],
      ['model', `output ${train.model}`],
      ['compared by', `${compare.metric} on ${compare.dataset}, scored by ${compare.score}`],
      ['served by', `${serve.runtime}, ${serve.code}`],
      ['drift', drift && `${drift.target}, ${drift.schedule}`],
    ],
    look,
  )
  return `${title}\n\n${lines}`
}

function pairs(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n')
}

function problemText({ message, file, line }: NonNullable<ModelTypeDocument['problem']>): string {
  return [[file, line].filter(part => part !== undefined).join(':'), message].filter(Boolean).join(': ')
}
