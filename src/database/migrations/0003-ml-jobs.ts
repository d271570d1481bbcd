import { type Kysely, type Migration, sql } from 'kysely'

/** Job states in full, attempts of a job, and numbered pipelines. */
export const mlJobs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...JOBS, ...PIPELINES]) await sql.raw(statement).execute(db)
  },
}

const STATUS =
  "('queued', 'preparing', 'running', 'finalizing', 'canceling', 'completed', 'failed', 'cancelled')"

const JOBS = [
  'alter table ml_jobs drop constraint ml_jobs_status_check',
  `alter table ml_jobs add constraint ml_jobs_status_check check (status in ${STATUS})`,
  'alter table ml_jobs add attempt integer not null default 1 check (attempt > 0)',
  'create index ml_jobs_newest on ml_jobs (created_at desc, name desc)',
  `create table ml_attempts (
    job text not null references ml_jobs on delete cascade deferrable initially deferred,
    number integer not null,
    status text not null,
    message text not null,
    started_at timestamptz,
    ended_at timestamptz,
    retry_key text,
    primary key (job, number),
    unique (job, retry_key)
  )`,
]

/** The number is given here, so that it has no gaps whoever publishes, also a worker that doesn't know of numbers. */
const PIPELINES = [
  'alter table published_pipelines add version integer',
  `update published_pipelines p set version = n.version from (
    select name, digest, row_number() over (partition by name order by created_at, digest) as version
    from published_pipelines
  ) n where n.name = p.name and n.digest = p.digest`,
  'alter table published_pipelines alter version set not null',
  'alter table published_pipelines add constraint published_pipelines_version unique (name, version)',
  `create function number_pipeline() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock(hashtextextended('pipeline ' || new.name, 0));
    select coalesce(max(version), 0) + 1 into new.version
      from millwright.published_pipelines where name = new.name;
    return new;
  end $$`,
  `create trigger number_pipeline before insert on published_pipelines
    for each row when (new.version is null) execute function number_pipeline()`,
]
