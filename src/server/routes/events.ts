import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { knownRun } from '#orchestrator/cancel-run.ts'
import { type RunDocument, runDocuments } from '#orchestrator/run-document.ts'
import { changes } from '../changes.ts'
import type { ServerContext } from '../context.ts'
import { ERRORS } from '../documents/answers.ts'
import { hasEnded, runWatcher } from '../watch-runs.ts'

const responses = {
  ...ERRORS,
  200: {
    description: 'Events named `run`, each with a run document',
    content: { 'text/event-stream': { schema: z.string() } },
  },
}

const ofRun = createRoute({
  method: 'get',
  path: '/api/runs/{id}/events',
  summary: 'The run now and after every change, until it has ended',
  request: { params: z.object({ id: z.string() }) },
  responses,
})

const ofAll = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Every run that has not ended, then every run after each of its changes',
  responses,
})

export function eventRoutes(app: OpenAPIHono, context: ServerContext): void {
  const { o } = context
  app.openapi(ofRun, async c => {
    const { id } = await knownRun(o, c.req.valid('param').id)
    const read = async () => runDocuments(o.db, [await knownRun(o, id)])
    return emit(c, context, read, documents => documents.every(hasEnded))
  })
  app.openapi(ofAll, c => emit(c, context, runWatcher(o), () => false))
}

/** Sends what `read` gives now and after every change, each document when it differs from what was sent, until `isLast`. */
function emit(
  c: Context,
  context: ServerContext,
  read: () => Promise<RunDocument[]>,
  isLast: (documents: RunDocument[]) => boolean,
): Response {
  return streamSSE(c, async stream => {
    const sent = new Map<string, string>()
    const feed = changes(context.onChange)
    stream.onAbort(feed.close)
    try {
      while (!stream.aborted) {
        const documents = await read()
        await send(stream, documents, sent)
        if (isLast(documents)) return
        await feed.next()
      }
    } finally {
      feed.close()
    }
  })
}

/** The comment at the end lets a connection whose other end is gone be noticed. */
async function send(
  stream: SSEStreamingApi,
  documents: RunDocument[],
  sent: Map<string, string>,
): Promise<void> {
  for (const document of documents) {
    const data = JSON.stringify(document)
    if (sent.get(document.id) === data) continue
    sent.set(document.id, data)
    await stream.writeSSE({ event: 'run', data })
  }
  await stream.write(':\n\n')
}
