import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Config } from '#config.ts'
import type { Terminal } from '../print/terminal.ts'
import type { DemoServer } from './server.ts'

const execute = promisify(execFile)

/** Runs the commands that a user would type, and shows each before it runs. */
export interface Shell {
  millwright(...words: string[]): Promise<string>
  git(folder: string, ...words: string[]): Promise<string>
}

export function demoShell(config: Config, terminal: Terminal, server: DemoServer): Shell {
  const env = {
    ...config.inheritedEnv,
    MILLWRIGHT_HOME: server.home,
    MILLWRIGHT_URL: server.url,
    MILLWRIGHT_TOKEN: server.token,
    ...GIT_IDENTITY,
  }
  const type = (line: string) =>
    terminal.out(`${terminal.outColors.dim('$')} ${terminal.outColors.bold(line)}\n`)
  return {
    async millwright(...words) {
      type(['millwright', ...words].map(quoted).join(' '))
      const { stdout } = await execute(process.execPath, [process.argv[1]!, ...words], {
        env,
        maxBuffer: MAX_OUTPUT,
      })
      return stdout
    },
    async git(folder, ...words) {
      type(['git', ...words].map(quoted).join(' '))
      const { stdout } = await execute('git', words, { cwd: folder, env, maxBuffer: MAX_OUTPUT })
      return stdout
    },
  }
}

const MAX_OUTPUT = 16 * 2 ** 20

const GIT_IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@factory.invalid',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@factory.invalid',
}

function quoted(word: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
