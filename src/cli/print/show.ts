import type { ExitCode, Invocation } from '../invocation.ts'
import { printableDocument } from './printable.ts'
import type { Colors } from './terminal.ts'

/** How a document looks to people. */
export type View<T> = (document: T, look: Look) => string

export interface Look {
  colors: Colors
  columns: number
  now: Date
}

/** Prints a document: as JSON with `--json`, otherwise as `view` shows it. */
export function show<T>({ terminal, json }: Invocation, document: T, view: View<T>): ExitCode {
  if (json) terminal.out(`${JSON.stringify(document, null, 2)}\n`)
  else {
    const look = { colors: terminal.outColors, columns: terminal.columns, now: new Date() }
    terminal.out(ended(view(printableDocument(document), look)))
  }
  return 0
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
