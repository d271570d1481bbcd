import { setTimeout as sleep } from 'node:timers/promises'
import { StageFailure } from '#errors.ts'
import type { RunDocument, StageDocument } from '#orchestrator/run-document.ts'
import { printable } from '../print/printable.ts'
import type { Terminal } from '../print/terminal.ts'
import type { DemoServer } from './server.ts'

const ENDED = ['succeeded', 'failed', 'cancelled']
const GLYPHS: Record<string, string> = { succeeded: '✓', reused: '✓', failed: '✗', cancelled: '–' }
const LIMIT_SECONDS = 600

/** Prints each stage as it ends, until `isDone` says that what we wait for has come. Returns all runs, newest first. */
export async function followRuns(
  server: DemoServer,
  terminal: Terminal,
  isDone: (runs: RunDocument[]) => boolean,
): Promise<RunDocument[]> {
  for (const deadline = Date.now() + LIMIT_SECONDS * 1000; Date.now() < deadline; await sleep(150)) {
    const runs = await get<RunDocument[]>(server, '/api/runs?limit=100')
    for (const run of [...runs].reverse()) tellNews(run, terminal)
    if (isDone(runs)) return runs
  }
  throw new StageFailure(`the runs did not end within ${LIMIT_SECONDS} seconds`)
}

/** Whether the run has ended, however. */
export function hasEnded(run: RunDocument): boolean {
  return ENDED.includes(run.status)
}

export async function get<T>(server: DemoServer, path: string): Promise<T> {
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${server.token}` },
  })
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** What was printed already, by run and stage. */
const told = new Set<string>()

function tellNews(run: RunDocument, terminal: Terminal): void {
  const once = (key: string, tell: () => void) => {
    if (!told.has(key)) tell()
    told.add(key)
  }
  const { outColors: colors } = terminal
  const name = `${run.pipeline.padEnd(2)} ${String(run.buildId).padStart(2)}  ${run.modelType.padEnd(16)}`
  for (const stage of run.stages.filter(stage => stage.status in GLYPHS)) {
    once(`${run.id}/${stage.name}`, () =>
      terminal.out(`  ${colors.dim(name)} ${stageLine(stage, terminal)}\n`),
    )
  }
  if (hasEnded(run)) {
    const word = run.outcome ?? run.status
    const color =
      run.status === 'succeeded' ? colors.green : run.status === 'failed' ? colors.red : colors.yellow
    once(run.id, () =>
      terminal.out(`  ${colors.dim(name)} ${color(colors.bold(word))} ${colors.dim(seconds(run))}\n`),
    )
  }
}

function stageLine(stage: StageDocument, { outColors: colors }: Terminal): string {
  const glyph = stage.status === 'failed' ? colors.red('✗') : colors.green(GLYPHS[stage.status] ?? ' ')
  const error = stage.error as { message?: string } | null
  const text = printable(error?.message ?? stage.summary ?? '').split('\n')[0]!
  return `${glyph} ${stage.name.padEnd(24)} ${colors.dim(seconds(stage).padStart(6))}  ${text}`
}

function seconds({ startedAt, endedAt }: { startedAt: string | null; endedAt: string | null }): string {
  if (!startedAt || !endedAt) return ''
  return `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`
}
