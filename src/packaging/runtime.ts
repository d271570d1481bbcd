import type { InferRequest, Signature } from './inference.ts'

/** How the image runs, whatever is in it. The service listens on PORT as a user without rights. */
export const RUNTIME_DEFAULTS = {
  user: '65532:65532',
  port: 8080,
  workingDirectory: '/app',
  entrypoint: ['python3', '-m', 'oip_server'],
  env: { PORT: '8080', PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
} as const

/** Places inside the image, relative to its root. */
export const IMAGE_PATHS = {
  server: 'app/oip_server.py',
  serve: 'app/serve',
  model: 'app/model',
  service: 'app/service.json',
} as const

/** What `service.json` tells the runtime about the model that it serves. */
export interface ServiceDescription {
  name: string
  version: number
  /** Digest of the model's files; the runtime refuses to start with others. */
  digest: string
  commit: string
  signature: Signature
  /** What the service asks itself before it calls itself ready: the first golden request, or null. */
  warmup: InferRequest | null
}

/** Text of `service.json`. */
export function serviceDocument(service: ServiceDescription): string {
  const { name, version, digest, commit, signature, warmup } = service
  const places = { predict: 'serve/predict.py', model: 'model' }
  const document = { name, version: String(version), digest, commit, ...places, signature, warmup }
  return `${JSON.stringify(document, null, 2)}\n`
}
