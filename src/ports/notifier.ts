/** Tells people that a run ended. May be called twice for one run; adapters make the second call harmless. */
export interface Notifier {
  runEnded(notice: {
    run: string
    pipeline: string
    modelType: string
    status: string
    outcome: string | null
    message: string
  }): Promise<void>
}
