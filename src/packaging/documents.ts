import { sha256 } from './digest.ts'

export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
} as const

/** Annotation of a layer: what it holds (`application`, `model`, `service`), so that an engine can pick. */
export const LAYER_ANNOTATION = 'io.millwright.layer'
export const TAG_ANNOTATION = 'org.opencontainers.image.ref.name'

export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  annotations?: Record<string, string>
  platform?: Platform
}

export interface Platform {
  os: string
  architecture: string
  variant?: string
}

export interface ImageManifest {
  schemaVersion: 2
  mediaType: string
  config: Descriptor
  layers: Descriptor[]
  annotations?: Record<string, string>
}

export interface ImageIndex {
  schemaVersion: 2
  mediaType: string
  manifests: Descriptor[]
}

/** A finished layer; `diffId` is the digest of its uncompressed tar. */
export interface Layer extends Descriptor {
  diffId: string
}

export interface ImageConfigInput {
  platform: Platform
  created: Date
  /** `uid:gid` */
  user: string
  entrypoint: readonly string[]
  env: Readonly<Record<string, string>>
  workingDirectory: string
  port: number
  labels: Readonly<Record<string, string>>
}

/** The parts of a config that we read back. */
export interface ImageConfig {
  created: string
  config: {
    User?: string
    Env?: string[]
    Entrypoint?: string[]
    WorkingDir?: string
    Labels?: Record<string, string>
  }
  rootfs: { type: 'layers'; diff_ids: string[] }
}

/** A JSON document and the descriptor that names it. */
export interface Document {
  text: string
  descriptor: Descriptor
}

/** The image's config. Only what follows from the inputs is in it, so equal inputs give an equal digest. */
export function imageConfig(input: ImageConfigInput, layers: readonly Layer[]): Document {
  const created = rfc3339(input.created)
  return document(MEDIA_TYPES.config, {
    created,
    ...input.platform,
    config: {
      User: input.user,
      ExposedPorts: { [`${input.port}/tcp`]: {} },
      Env: Object.entries(sorted(input.env)).map(([name, value]) => `${name}=${value}`),
      Entrypoint: input.entrypoint,
      WorkingDir: input.workingDirectory,
      Labels: sorted(input.labels),
      StopSignal: 'SIGTERM',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(layer => layer.diffId) },
    history: layers.map(layer => ({ created, created_by: `millwright: ${layerName(layer)}` })),
  })
}

/** The image's manifest; labels of the `org.opencontainers.image` family are repeated as annotations. */
export function imageManifest(
  config: Document,
  layers: readonly Layer[],
  labels: Readonly<Record<string, string>>,
): Document {
  const standard = Object.entries(labels).filter(([key]) => key.startsWith('org.opencontainers.image.'))
  return document(MEDIA_TYPES.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: config.descriptor,
    layers: layers.map(({ diffId: _, ...descriptor }) => descriptor),
    annotations: sorted(Object.fromEntries(standard)),
  })
}

/** Text of an `index.json`. */
export function imageIndex(manifests: readonly Descriptor[]): string {
  return json({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests })
}

/** RFC 3339 in UTC without fractions: `2026-01-31T08:00:00Z`. */
export function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

function document(mediaType: string, value: unknown): Document {
  const text = json(value)
  return { text, descriptor: { mediaType, digest: sha256(text), size: Buffer.byteLength(text) } }
}

function json(value: unknown): string {
  return JSON.stringify(value)
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function layerName(layer: Layer): string {
  return layer.annotations?.[LAYER_ANNOTATION] ?? 'layer'
}
