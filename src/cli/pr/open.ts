import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { UserError } from '#errors.ts'
import type { PullRequestDocument } from '#server/documents/pull-request.ts'
import type { RepositoryDocument } from '#server/documents/repository.ts'
import { type Client, connect } from '../client.ts'
import { askGit } from '../git.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { pullRequestView } from '../print/pull-request.ts'
import { show } from '../print/show.ts'

interface Options {
  topic?: string
  branch: string
  repository?: string
}

export async function prOpen(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<Options>(invocation, command =>
    command
      .option('--topic <topic>', "names it in git; default: the last commit's subject, which is its title")
      .option('--branch <branch>', 'branch to merge into', 'main')
      .option('--repository <name>', 'when the server has several'),
  )
  const head = await askGit(['rev-parse', '--verify', 'HEAD'], '.')
  if (head === undefined) {
    throw new UserError('no-checkout', 'there is no git commit here', { hint: 'go to your checkout first' })
  }
  const client = connect(invocation.config)
  const { name, url } = await targetRepository(client, options.repository)
  const ref = `refs/for/${options.branch}/${await topicOf(options.topic)}`
  await push(url, ref)
  return show(invocation, await opened(client, name, head, ref), pullRequestView)
}

async function targetRepository(client: Client, name: string | undefined): Promise<RepositoryDocument> {
  const repositories = await client.get<RepositoryDocument[]>('/api/repositories')
  const fitting = repositories.filter(repository => name === undefined || repository.name === name)
  if (fitting.length === 1) return fitting[0]!
  const names = repositories.map(repository => repository.name).join(', ')
  const hint = names === '' ? 'add one with `millwright repo add .`' : `name one with --repository: ${names}`
  const message =
    name === undefined ? `the server has ${repositories.length} repositories` : `no repository '${name}'`
  throw new UserError('which-repository', message, { hint })
}

/** The topic as a git ref can hold it: `Raise the threshold` → `raise-the-threshold`. */
async function topicOf(topic: string | undefined): Promise<string> {
  const text = topic ?? (await askGit(['log', '-1', '--no-show-signature', '--format=%s'], '.')) ?? ''
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
  if (slug !== '') return slug
  throw new UserError('invalid-topic', `'${text}' has no letters or digits`, { hint: 'give another --topic' })
}

async function push(url: string, ref: string): Promise<void> {
  try {
    await promisify(execFile)('git', ['push', '--force', '--', url, `HEAD:${ref}`])
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new UserError('push-failed', `git could not push: ${stderr.trim()}`, { cause: error })
  }
}

/** The server hears of a push on its own; it takes a moment. */
async function opened(
  client: Client,
  repository: string,
  head: string,
  ref: string,
): Promise<PullRequestDocument> {
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const list = await client.get<PullRequestDocument[]>('/api/pull-requests', { repository })
    const found = list.find(pr => pr.head === head && ref.endsWith(`/${pr.title}`))
    if (found && found.checks.length > 0) return found
    if (Date.now() < deadline) continue
    if (found) return found
    throw new UserError('not-accepted', 'the push arrived, but no pull request was opened within 30 s', {
      hint: "see the server's log, then `millwright pr list`",
    })
  }
}
