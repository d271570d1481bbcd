/**
 * DuckDB in a process of its own: a file that breaks it, or wants more memory than it may have, breaks nothing else.
 * The first line of stdin is `{folders, temporary, memory, threads}`: the only folders it may read and write; every
 * further line is `{sql}`, answered by one line `{rows}` or `{error}`. It ends with its stdin.
 */
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit())

let connection
let turn = Promise.resolve()
lines.on('line', line => {
  turn = turn.then(() => answer(JSON.parse(line)))
})

async function answer(request) {
  try {
    if (connection === undefined) reply({ rows: await open(request) })
    else reply({ rows: (await connection.runAndReadAll(request.sql)).getRowObjectsJson() })
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error) })
  }
}

async function open({ folders, temporary, memory, threads }) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: memory, threads: String(threads) })
  const opened = await instance.connect()
  const allowed = [...folders, temporary].map(folder => `'${folder.replaceAll("'", "''")}/'`)
  for (const setting of [
    `temp_directory = '${temporary.replaceAll("'", "''")}'`,
    `allowed_directories = [${allowed}]`,
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    'preserve_insertion_order = true',
    "TimeZone = 'UTC'",
    'enable_external_access = false',
    'lock_configuration = true',
  ]) {
    await opened.run(`set ${setting}`)
  }
  connection = opened
  return []
}

function reply(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
