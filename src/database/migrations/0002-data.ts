import { type Kysely, type Migration, sql } from 'kysely'

/** Profiles of datasets; which jobs read and made them. A content may have several versions, when they are asked for. */
export const data: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
  },
}

const VERSION = 'name text not null, version integer not null check (version > 0)'

const STATEMENTS = [
  'alter table datasets add column profile jsonb, add column profile_note text',
  'alter table datasets drop constraint datasets_content',
  'create index datasets_by_content on datasets (name, digest)',
  `create table dataset_uses (job text not null, input text not null, ${VERSION}, primary key (job, input))`,
  'create index dataset_uses_by_version on dataset_uses (name, version)',
  `create table dataset_outputs (
    job text not null,
    output text not null,
    ${VERSION},
    created_at timestamptz not null default clock_timestamp(),
    primary key (job, output)
  )`,
  'create index dataset_outputs_by_version on dataset_outputs (name, version)',
]
