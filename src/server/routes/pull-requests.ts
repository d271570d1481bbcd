import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { NotFoundError } from '#errors.ts'
import { mergePullRequest, pullRequestDocuments } from '#orchestrator/pull-requests.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { PullRequestSchema } from '../documents/pull-request.ts'

const number = z.object({ number: z.coerce.number().int().positive() })
const repository = z.object({ repository: z.string().optional() })

const list = createRoute({
  method: 'get',
  path: '/api/pull-requests',
  request: { query: repository },
  responses: answers(z.array(PullRequestSchema), 'The pull requests, newest first'),
})

const show = createRoute({
  method: 'get',
  path: '/api/pull-requests/{number}',
  request: { params: number, query: repository },
  responses: answers(PullRequestSchema, 'The pull request with its checks'),
})

const merge = createRoute({
  method: 'post',
  path: '/api/pull-requests/{number}/merge',
  summary: 'Merges a pull request whose checks are green, which starts CI',
  request: { params: number, query: repository },
  responses: answers(PullRequestSchema, 'The merged pull request'),
})

export function pullRequestRoutes(app: OpenAPIHono, { o, engine }: ServerContext): void {
  app.openapi(list, async c => c.json(await pullRequestDocuments(o, c.req.valid('query')), 200))
  app.openapi(show, async c => {
    const query = { ...c.req.valid('query'), ...c.req.valid('param') }
    const [found] = await pullRequestDocuments(o, query)
    if (!found) throw noPullRequest(query.number)
    return c.json(found, 200)
  })
  app.openapi(merge, async c => {
    const query = { ...c.req.valid('query'), ...c.req.valid('param') }
    return c.json(await mergePullRequest(o, engine, query), 200)
  })
}

function noPullRequest(number: number): NotFoundError {
  return new NotFoundError('no-such-pull-request', `there is no pull request ${number}`, {
    hint: 'see `millwright pr list`',
  })
}
