import { CancelledError } from '#errors.ts'

/** Aborted by the first Ctrl-C or SIGTERM, so that work can end in good order; the second ends the process at once. */
export function interrupted(onFirst: () => void = () => {}): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(new CancelledError('interrupted'))
    onFirst()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return controller.signal
}
