/** Time and waiting, so that tests can own both. All times are UTC. */
export interface Clock {
  now(): Date
  /** Resolves after `seconds`, or rejects with the signal's reason as soon as it is aborted. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>
}
