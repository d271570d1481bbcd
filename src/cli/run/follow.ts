import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#errors.ts'
import type { RunDocument } from '#server/documents/run.ts'
import { api, type Client } from '../client.ts'
import { readEvents } from '../event-stream.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { runView } from '../print/run.ts'
import { show } from '../print/show.ts'
import { stageProgress } from '../print/stage-progress.ts'

/** Shows a run, with `wait` only once it has ended; then the exit code says how. */
export async function showStarted(
  invocation: Invocation,
  client: Client,
  run: RunDocument,
  wait: boolean,
): Promise<ExitCode> {
  if (!wait) return show(invocation, run, runView)
  const ended = await untilEnded(client, run, stageProgress(invocation.terminal))
  show(invocation, ended, runView)
  return ended.status === 'succeeded' ? 0 : 3
}

/** Follows the run's changes until it has ended. Survives restarts of the server that take less than a minute. */
export async function untilEnded(
  client: Client,
  run: RunDocument,
  onChange: (run: RunDocument) => void,
): Promise<RunDocument> {
  let latest = run
  for (let lastHeard = Date.now(); !hasEnded(latest); await sleep(500)) {
    try {
      const events = await client.open(api`/api/runs/${run.id}/events`)
      for await (const event of readEvents(events)) {
        latest = JSON.parse(event.data) as RunDocument
        lastHeard = Date.now()
        onChange(latest)
        if (hasEnded(latest)) return latest
      }
    } catch (error) {
      if (isForGood(error) || Date.now() - lastHeard > 60_000) throw error
    }
  }
  return latest
}

export function hasEnded({ status }: RunDocument): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled'
}

/** A server that is away may come back; one that answers with an explanation has given its answer. */
function isForGood(error: unknown): boolean {
  return error instanceof UserError && error.code !== 'no-server'
}
