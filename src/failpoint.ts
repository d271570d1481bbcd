let chosen: string | undefined

/** Names the point at which this process ends itself; only tests of crash recovery do (config: `failpoint`). */
export function armFailpoint(name: string | undefined): void {
  chosen = name
}

/** Dies as by `kill -9` when this point was chosen; nothing is flushed or cleaned up. */
export function failpoint(name: string): void {
  if (name === chosen) process.kill(process.pid, 'SIGKILL')
}
