/** Facts about an assembled inference image. */
export interface InferenceImage {
  /** Manifest digest, `sha256:…`: what a deployment names. */
  digest: string
  /** Compressed bytes of config and layers. */
  size: number
  labels: Record<string, string>
}

/** One level of the check of an image before its push (`notes`: S0 static … S8 stop). */
export interface ValidationLevel {
  level: string
  status: 'passed' | 'failed' | 'not run'
  seconds: number
  message: string
}

export interface ValidationReport {
  engine: string
  levels: ValidationLevel[]
}
