import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

/** Where a command prints. Results go to `out`, progress and errors to `err`. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Coloured when that stream is a terminal and NO_COLOR isn't set. */
  outColors: Colors
  errColors: Colors
  /** Whether stdout is a terminal. */
  isTty: boolean
  /** Whether stderr is one. */
  errIsTty: boolean
  /** Characters per line of stdout. */
  columns: number
}

/** The process's own terminal. A reader that goes away ends the process quietly, as for `| head`. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    outColors: pc.createColors(pc.isColorSupported && stdout.isTTY === true),
    errColors: pc.createColors(pc.isColorSupported && stderr.isTTY === true),
    isTty: stdout.isTTY === true,
    errIsTty: stderr.isTTY === true,
    columns: stdout.columns ?? 120,
  }
}
