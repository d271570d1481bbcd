import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { TestHome } from './millwright.ts'

/**
 * Reads only what is left outside of the program: tables, folders and the process table. Returns what contradicts the
 * promises (design §6), one sentence each; an empty list is a pass. Call it when every run has ended.
 */
export async function audit(home: TestHome): Promise<string[]> {
  const { databaseUrl } = JSON.parse(await readFile(join(home.path, 'worker.json'), 'utf8')) as {
    databaseUrl: string
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const broken = []
    for (const [promise, sql] of Object.entries(PROMISES)) {
      const { rows } = await client.query(sql)
      broken.push(...rows.map(row => `${promise}: ${JSON.stringify(row)}`))
    }
    return [...broken, ...(await missingImages(home, client))]
  } finally {
    await client.end()
  }
}

/** Each query returns the rows that break the promise. */
const PROMISES = {
  'every delivery was handled': 'select id from millwright.deliveries where handled_at is null',
  'every run has ended':
    "select id, status from millwright.runs where status not in ('succeeded', 'failed', 'cancelled')",
  'no stage of an ended run goes on':
    "select run, name, status from millwright.stages where status in ('queued', 'running', 'waiting')",
  'a CI run packages once':
    "select r.id, count(a.digest) from millwright.runs r left join millwright.artifacts a on a.run = r.id where r.pipeline = 'ci' and r.status = 'succeeded' group by r.id having count(a.digest) <> 1",
  'a CI run starts CD once':
    "select r.id, count(c.id) from millwright.runs r left join millwright.runs c on c.input->>'ciRun' = r.id and c.trigger = 'ci-completed' where r.pipeline = 'ci' and r.status = 'succeeded' group by r.id having count(c.id) <> 1",
  'an ML job registers one model version':
    "select j.name, count(v.version) from millwright.ml_jobs j left join millwright.model_versions v on v.job = j.name where j.status = 'completed' and j.request->>'register' is not null group by j.name having count(v.version) <> 1",
  'versions are numbered without gaps':
    'select model, max(version), count(*) from millwright.model_versions group by model having max(version) <> count(*)',
  'a verdict to promote moves best once':
    "select c.run from millwright.comparisons c where (c.verdict = 'promote') <> (1 = (select count(*) from millwright.promotions p where p.model = c.model and p.environment = c.environment and p.version = c.challenger))",
  'revisions of best grow by one':
    'select model, environment, max(revision), count(*) from millwright.promotions group by model, environment having max(revision) <> count(*)',
  'best is what was promoted last':
    'select c.model, c.version, c.revision from millwright.champions c where not exists (select from millwright.promotions p where p.model = c.model and p.environment = c.environment and p.revision = c.revision and p.version = c.version)',
  'a promoted run has one image, and only such a run':
    "select r.id, r.outcome, count(i.digest) from millwright.runs r left join millwright.images i on i.run = r.id where r.pipeline = 'cd' and r.status = 'succeeded' group by r.id, r.outcome having (r.outcome in ('promoted', 'repackaged')) <> (count(i.digest) = 1)",
}

/** Every recorded image must be in its OCI layout. */
async function missingImages(home: TestHome, client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ repository: string; digest: string }>(
    'select repository, digest from millwright.images',
  )
  const blob = (row: { repository: string; digest: string }) =>
    join(home.path, 'images', row.repository, 'blobs', row.digest.replace(':', '/'))
  return rows.filter(row => !existsSync(blob(row))).map(row => `an image is missing: ${row.digest}`)
}

/** What is still left after two seconds; a git command in the middle of its work ends by itself. */
export async function orphans(home: TestHome, known: readonly number[]): Promise<string[]> {
  for (const deadline = Date.now() + 2000; Date.now() < deadline; await sleep(50)) {
    if (leftovers(home, known).length === 0) return []
  }
  return leftovers(home, known)
}

/** Processes of this home other than the named ones: what a step or check has left behind. */
export function leftovers(home: TestHome, known: readonly number[]): string[] {
  const pids = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name) && !known.includes(Number(name)))
  return pids.flatMap(pid => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
    const ours = [command, read(`/proc/${pid}/environ`), link(`/proc/${pid}/cwd`)].some(
      text => text.includes(`${home.path}/runs`) || text.includes(`${home.path}/jobs`),
    )
    return ours ? [`${pid} ${command}`] : []
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
