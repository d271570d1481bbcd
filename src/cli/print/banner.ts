import { setImmediate } from 'node:timers/promises'
import { homeFolders } from '#home.ts'
import { facts } from './facts.ts'
import { printable } from './printable.ts'
import type { Colors } from './terminal.ts'

/** What a server says about itself when it is ready; MLflow may still be starting. */
export interface Ready {
  url: string
  home: string
  tracking: Promise<string>
}

/** What `up` prints once the server answers. */
export function readyBanner(
  { url, home }: Ready,
  repositories: { name: string; url: string }[],
  colors: Colors,
): string {
  const code = repositories.map(repository => printable(`${repository.name}  ${repository.url}`)).join('\n')
  const lines = facts(
    [
      ['server', colors.cyan(url)],
      ['token', printable(`in ${homeFolders(home).serverFile}`)],
      ['home', printable(home)],
      ['code', code === '' ? 'none yet: millwright repo add <path or url>' : code],
    ],
    { colors },
  )
  const next = colors.dim('  Ctrl-C stops it; what is running goes on at the next start.')
  return `\n${colors.bold('Millwright')} is ready\n\n${lines}\n\n${next}\n\n`
}

export function trackingLine(uri: string, colors: Colors): string {
  return `MLflow is ready at ${colors.cyan(printable(uri))}\n`
}

/** The same as one document, for programs. */
export async function readyDocument({ url, home, tracking }: Ready) {
  const uri = await Promise.race([tracking.catch(() => null), setImmediate(null)])
  const { serverFile } = homeFolders(home)
  return { url, home, serverFile, pid: process.pid, tracking: uri === null ? null : { uri } }
}
