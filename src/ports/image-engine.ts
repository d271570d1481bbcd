/** Runs an image's application so that it can be examined. */
export interface ImageEngine {
  /** `docker`, `podman`, `runc`, `chroot` or `process`: how strong the evidence is. */
  readonly name: string
  /** Starts the image of the OCI layout `layout`; `stop` must be called. Rejects when it can't be started. */
  start(
    layout: string,
    options: { env: Record<string, string>; log: string; signal?: AbortSignal },
  ): Promise<RunningImage>
}

export interface RunningImage {
  /** Base URL of the service, e.g. `http://127.0.0.1:40123`. */
  url: string
  /** Resolves with the exit code when the process ends by itself or is stopped. */
  exited: Promise<number>
  /** SIGTERM, then SIGKILL after the grace; resolves with the exit code when nothing is left. Idempotent. */
  stop(graceSeconds: number): Promise<number>
}
