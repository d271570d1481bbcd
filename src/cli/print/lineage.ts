import type { ImageExplanation, Lineage, ModelExplanation } from '#server/documents/explanation.ts'
import { comparisonText } from './comparison.ts'
import { facts } from './facts.ts'
import { shortCommit, shortDigest, size } from './identity.ts'
import type { Look, View } from './show.ts'
import { ago, took } from './time.ts'

/** From the image down to the commit, one link below the other. */
export const imageExplanation: View<ImageExplanation> = (explanation, look) => {
  const { image } = explanation
  const { engine, levels } = image.validation
  const passed = levels.filter(level => level.status === 'passed').length
  const link: Link = {
    kind: 'image',
    title: shortDigest(image.digest),
    lines: [
      `${image.repository}, tagged ${image.tags.map(shortTag).join(', ')}`,
      `${size(image.size)}, ${passed} of ${levels.length} checks passed (${engine}), pushed ${ago(image.createdAt, look.now)}`,
    ],
  }
  return chain([link, ...linksOf(explanation, look)], look)
}

/** From the model version down to the commit, then what it went into. */
export const modelExplanation: View<ModelExplanation> = (explanation, look) => {
  const { bestIn, promotions, images } = explanation
  const went = facts(
    [
      ['best in', bestIn.map(one => `${one.environment} since ${ago(one.changedAt, look.now)}`).join('\n')],
      ['moves', promotions.map(promotionText).join('\n')],
      [
        'images',
        images
          .map(image => `${shortDigest(image.digest)}  ${image.tags.map(shortTag).join(', ')}`)
          .join('\n'),
      ],
    ],
    look,
  )
  return [chain(linksOf(explanation, look), look), went].filter(Boolean).join('\n\n')
}

interface Link {
  kind: string
  title: string
  lines: (string | null)[]
}

function linksOf(lineage: Lineage, look: Look): Link[] {
  return [
    modelLink(lineage, look),
    ...jobLinks(lineage, look),
    ...lineage.datasets.map(datasetLink),
    ...artifactLinks(lineage),
    ...commitLinks(lineage),
  ]
}

function modelLink({ modelVersion, comparison }: Lineage, { now }: Look): Link {
  const { name, version, digest, createdAt } = modelVersion
  const about = `${shortDigest(digest)}, registered ${ago(createdAt, now)}`
  return { kind: 'model', title: `${name}:${version}`, lines: [about, comparisonText(comparison)] }
}

function jobLinks({ mlJob, cdRun }: Lineage, { now }: Look): Link[] {
  if (mlJob === null) return []
  const metrics = Object.entries(mlJob.metrics).map(
    ([name, value]) => `${name} ${Number(value.toPrecision(4))}`,
  )
  const run =
    cdRun && `of ${cdRun.id}, started by ${cdRun.trigger}${cdRun.reason === null ? '' : `: ${cdRun.reason}`}`
  const steps = `${mlJob.steps.length} steps in ${took(mlJob.startedAt, mlJob.endedAt, now)}`
  return [{ kind: 'ML job', title: mlJob.job, lines: [run, steps, metrics.slice(0, 6).join(', ') || null] }]
}

function datasetLink({ name, version, digest, rows }: Lineage['datasets'][number]): Link {
  const about = [shortDigest(digest), rows === null ? null : `${rows} rows`]
  return { kind: 'dataset', title: `${name}:${version}`, lines: [about.filter(Boolean).join(', ')] }
}

function artifactLinks({ artifact, ciRun }: Lineage): Link[] {
  if (artifact === null) return []
  const about = `${artifact.files.length} files, ${size(artifact.bytes)}`
  const run = ciRun && `packaged by ${ciRun.id}, started by ${ciRun.trigger}`
  return [{ kind: 'artifact', title: shortDigest(artifact.digest), lines: [about, run] }]
}

function commitLinks({ commit }: Lineage): Link[] {
  if (commit === null) return []
  const at = commit.committedAt === null ? '' : `, committed ${commit.committedAt}`
  return [{ kind: 'commit', title: commit.id, lines: [`on ${commit.branch} of ${commit.repository}${at}`] }]
}

function chain(links: Link[], { colors }: Look): string {
  const widest = Math.max(...links.map(link => link.kind.length))
  return links
    .map(({ kind, title, lines }, i) => {
      const isLast = i === links.length - 1
      const branch = i === 0 ? '' : `${isLast ? '└─' : '├─'} `
      const bar = i === 0 || !isLast ? '│' : ' '
      const first = `${colors.dim(branch)}${colors.dim(kind.padEnd(widest + (i === 0 ? 3 : 0)))}  ${colors.bold(title)}`
      const indent = ' '.repeat(widest + 4)
      const rest = lines.filter(line => line !== null).map(line => `${colors.dim(bar)}${indent}${line}`)
      return [first, ...rest].join('\n')
    })
    .join('\n')
}

function promotionText({
  environment,
  from,
  version,
  at,
  by,
}: ModelExplanation['promotions'][number]): string {
  return `${environment}: ${from ?? 'none'} → ${version} at ${at} by ${by}`
}

function shortTag(tag: string): string {
  const [, commit, rest = ''] = /^([0-9a-f]{40})(-\d+)?$/.exec(tag) ?? []
  return commit === undefined ? tag : `${shortCommit(commit)}${rest}`
}
