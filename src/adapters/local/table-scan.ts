import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** SQL on files; one statement at a time. Throws QueryError with the engine's message. */
export interface TableScan {
  query(sql: string): Promise<Record<string, unknown>[]>
}

/** The engine refuses: the file isn't what the statement says. */
export class QueryError extends Error {}

/** The engine's process is gone, or never came: says nothing about the files. */
export class ScanGone extends Error {}

/** Never more than this, whatever the files hold; what doesn't fit is spilled to a temporary folder. */
const MEMORY = '512MB'
const THREADS = 2

/**
 * Lets `use` query files below `folders` with DuckDB, in a process that runs `script` (`runtimes/table-scan/scan.js`),
 * reaches no other files and no network, and ends with `use`.
 */
export async function withTableScan<T>(
  script: string,
  folders: readonly string[],
  use: (scan: TableScan) => Promise<T>,
): Promise<T> {
  const temporary = await mkdtemp(join(tmpdir(), 'millwright-scan-'))
  const child = startScan(script, temporary)
  try {
    await child.ask({ folders, temporary, memory: MEMORY, threads: THREADS })
    return await use({ query: sql => child.ask({ sql }) })
  } finally {
    await child.end()
    await rm(temporary, { recursive: true, force: true })
  }
}

interface Answer {
  rows?: Record<string, unknown>[]
  error?: string
  gone?: string
}

function startScan(script: string, cwd: string) {
  const child = spawn(process.execPath, [script], { cwd, env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting: ((answer: Answer) => void)[] = []
  let ended: string | undefined
  let complaint = ''
  const end = (how: string) => {
    ended ??= complaint.trim() || how
    for (const tell of waiting.splice(0)) tell({ gone: ended })
  }
  child.once('error', error => end(error.message))
  child.once('close', (code, signal) => end(`the table engine ended by ${signal ?? `exit code ${code}`}`))
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()))
  child.stdin.on('error', () => {}) // it has ended: `close` tells
  child.stderr.on('data', chunk => {
    complaint = `${complaint}${chunk}`.slice(-2000)
  })
  createInterface({ input: child.stdout }).on('line', line => waiting.shift()?.(JSON.parse(line)))
  return {
    async ask(request: object): Promise<Record<string, unknown>[]> {
      if (ended !== undefined) throw new ScanGone(ended)
      const answered = new Promise<Answer>(resolve => waiting.push(resolve))
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const answer = await answered
      if (answer.gone !== undefined) throw new ScanGone(answer.gone)
      if (answer.rows === undefined) throw new QueryError(answer.error)
      return answer.rows
    },
    async end(): Promise<void> {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A text as an SQL literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
