import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

/**
 * What `expect.yml` of a conformance case says. A text between slashes is a regular expression; any other text is
 * meant literally. `$SERVER` in inputs is where the case's folder `served/` is served, `$TEMP` a folder of its own.
 */
export type Expectation = z.infer<typeof expectation>
export type Run = z.infer<typeof run>
export type Step = z.infer<typeof step>
export type Contents = z.infer<typeof contents>
export type Problem = z.infer<typeof problem>

export function readExpectation(folder: string): Expectation {
  const text = readFileSync(join(folder, 'expect.yml'), 'utf8')
  const parsed = expectation.safeParse(parse(text))
  if (!parsed.success) throw new Error(`expect.yml: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** A file's content, or a folder's files by relative path: all of them, no others. */
const contents = z.union([z.string(), z.record(z.string(), z.string())])

/** What the step's tracking run holds. */
const tracked = z.strictObject({
  status: z.string().optional(),
  metrics: z.record(z.string(), z.number()).optional(),
  params: z.record(z.string(), z.string()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
})

const step = z.strictObject({
  status: z.enum(['completed', 'failed', 'cancelled', 'skipped']).default('completed'),
  exitCode: z.number().optional(),
  reused: z.boolean().optional(),
  error: z.string().optional(),
  /** The whole log. */
  log: z.string().optional(),
  /** Lines of the log, in any order. */
  lines: z.array(z.string()).optional(),
  /** No line of the log. */
  noLines: z.array(z.string()).optional(),
  outputs: z.record(z.string(), contents).optional(),
  tracking: tracked.optional(),
})

const run = z.strictObject({
  /** Files of the case changed before this run; null removes one. */
  edit: z.record(z.string(), z.string().nullable()).default({}),
  inputs: z.record(z.string(), z.string()).default({}),
  /** The map for `--environments`. */
  environments: z.record(z.string(), z.unknown()).optional(),
  force: z.boolean().default(false),
  /** `refused`: exit code 2 before anything is run. */
  status: z.enum(['completed', 'failed', 'refused']).default('completed'),
  /** Of a refused or failed run. */
  error: z.string().optional(),
  /** Steps that aren't named must be completed. */
  steps: z.record(z.string(), z.union([step.shape.status.unwrap(), step])).default({}),
  outputs: z.record(z.string(), contents).optional(),
})

const problem = z.strictObject({
  severity: z.enum(['error', 'warning']).default('error'),
  rule: z.string(),
  /** `file:line:column`, the file relative to the case. */
  at: z.string(),
  key: z.string().optional(),
  /** Stands in the message or the suggestion. */
  says: z.string().optional(),
})

const expectation = z.strictObject({
  /** Why it isn't met yet. It is tried all the same, and fails as soon as it is met. */
  pending: z.string().optional(),
  /** What git or an editor would not keep: ignored files, empty folders (null), links (`-> target`). */
  files: z.record(z.string(), z.string().nullable()).default({}),
  file: z.string().default('pipeline.yml'),
  /** All problems in order. With an error among them the run must be refused. */
  lint: z.array(problem).optional(),
  run: z.union([run, z.array(run)]).optional(),
})
