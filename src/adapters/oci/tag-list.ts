import type { RegistryClient } from './client.ts'

const PAGE = 100
/** Fallback tags of registries without the referrers API name signatures and the like, not images. */
const REFERRER = /^sha256-[0-9a-f]{64}/

/** All tags of a repository, page by page; none for an unknown repository. */
export async function tagNames(client: RegistryClient, repository: string): Promise<string[]> {
  const names = new Set<string>()
  const seen = new Set<string>()
  let next: string | undefined = `${repository}/tags/list?n=${PAGE}`
  while (next !== undefined && !seen.has(next)) {
    seen.add(next)
    const response: Response = await client.send({ method: 'GET', url: next, repository, expect: [200, 404] })
    if (response.status === 404) return []
    const { tags } = (await response.json()) as { tags: string[] | null }
    for (const tag of tags ?? []) if (!REFERRER.test(tag)) names.add(tag)
    next = nextPage(response)
  }
  return [...names]
}

/** RFC 8288: `</v2/name/tags/list?n=100&last=x>; rel="next"`, absolute or relative. */
function nextPage(response: Response): string | undefined {
  const link = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(response.headers.get('link') ?? '')
  return link ? new URL(link[1]!, response.url).href : undefined
}
