import { rfc3339 } from './documents.ts'

/** What an inference image is made from. */
export interface ImageOrigin {
  model: { name: string; version: number; digest: string }
  /** Full commit id of the inference service's code. */
  commit: string
  created: Date
  /** Where the code lives, when that is a public address. */
  source?: string
}

export const MODEL_LABELS = {
  name: 'io.millwright.model.name',
  version: 'io.millwright.model.version',
  digest: 'io.millwright.model.digest',
  commit: 'io.millwright.commit',
} as const

/** Labels of the image: only facts about its inputs. A build id or run would give equal images unequal digests. */
export function imageLabels(origin: ImageOrigin): Record<string, string> {
  const { model, commit, created, source } = origin
  return {
    'org.opencontainers.image.title': model.name,
    'org.opencontainers.image.version': String(model.version),
    'org.opencontainers.image.revision': commit,
    'org.opencontainers.image.created': rfc3339(created),
    ...(source === undefined ? {} : { 'org.opencontainers.image.source': source }),
    [MODEL_LABELS.name]: model.name,
    [MODEL_LABELS.version]: String(model.version),
    [MODEL_LABELS.digest]: model.digest,
    [MODEL_LABELS.commit]: commit,
  }
}
