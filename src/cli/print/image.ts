import type { ImageDocument } from '#server/documents/image.ts'
import { facts } from './facts.ts'
import { shortCommit, shortDigest, size } from './identity.ts'
import type { Look, View } from './show.ts'
import { glyph } from './status.ts'
import { table } from './table.ts'
import { ago, duration } from './time.ts'

export const imageTable: View<ImageDocument[]> = (images, look) => {
  const { colors, now } = look
  if (images.length === 0) return colors.dim('no images')
  return table(
    images,
    [
      { title: 'digest', cell: image => shortDigest(image.digest), paint: text => colors.bold(text) },
      { title: 'model', cell: image => `${image.modelType}:${image.modelVersion}` },
      { title: 'tags', cell: image => shortTags(image), paint: text => colors.green(text) },
      { title: 'size', cell: image => size(image.size), align: 'right' },
      { title: 'run', cell: image => image.run },
      { title: 'pushed', cell: image => ago(image.createdAt, now) },
      { title: 'checked by', cell: image => image.validation.engine, paint: text => colors.dim(text) },
    ],
    look,
  )
}

export const imageView: View<ImageDocument> = (image, look) => {
  const { colors, now } = look
  const about = facts(
    [
      ['digest', image.digest],
      ['tags', image.tags.join('\n')],
      ['model', `${image.modelType}:${image.modelVersion}`],
      ['commit', image.commit],
      ['artifact', image.artifact],
      ['run', image.run],
      ['size', size(image.size)],
      ['pushed', ago(image.createdAt, now)],
    ],
    look,
  )
  return `${colors.bold(image.repository)}\n${about}\n\n${validation(image, look)}`
}

function validation({ validation: { engine, levels } }: ImageDocument, look: Look): string {
  const { colors } = look
  const lines = table(
    levels,
    [
      { title: ' ', cell: () => '·', paint: (_, level) => glyph(level.status, colors) },
      { title: 'check', cell: level => level.level },
      { title: 'took', cell: level => (level.seconds > 0 ? duration(level.seconds) : ''), align: 'right' },
      { title: 'result', cell: level => level.message, flexible: true, paint: text => colors.dim(text) },
    ],
    look,
  )
  return `${colors.bold('Validation')} ${colors.dim(`by ${engine}`)}\n${lines}`
}

/** Environments first, then the tag that never moves; the bare commit says nothing new. */
function shortTags({ tags, commit, buildId }: ImageDocument): string {
  const names = tags.filter(tag => !tag.startsWith(commit))
  return [...names, `${shortCommit(commit)}-${buildId}`].join(', ')
}
