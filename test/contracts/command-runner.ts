import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Command, CommandRunner } from '#ports/command-runner.ts'

/** What the contract needs to know about an adapter. */
export interface CommandRunnerSubject {
  make(): CommandRunner
  /**
   * A Node program (path of a .mjs file) that runs `bash -c <its argument>` with the adapter and does nothing else;
   * it is killed to see whether the tree dies with it.
   */
  runnerProgram: () => string
  /** Variables that the adapter adds to the environment of the command. */
  addedVariables: string[]
}

/** Promises of {@link CommandRunner}; every adapter runs them. */
export function commandRunnerContract(name: string, subject: CommandRunnerSubject): void {
  describe(`command runner: ${name}`, () => {
    let folder: string
    let runner: CommandRunner
    const log = () => readFileSync(join(folder, 'log.txt'), 'utf8')
    const run = (argv: string[], more: Partial<Command> = {}) =>
      runner.run({
        argv,
        cwd: folder,
        env: { PATH: process.env.PATH ?? '' },
        log: join(folder, 'log.txt'),
        ...more,
      })
    const bash = (script: string, more: Partial<Command> = {}) => run(['bash', '-c', script], more)

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'runner-'))
      runner = subject.make()
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    it('reports exit codes', async () => {
      expect(await bash('exit 0')).toMatchObject({ exitCode: 0, reason: 'exited' })
      expect(await bash('exit 7')).toMatchObject({ exitCode: 7, reason: 'exited' })
    })

    it('reports a signal as 128 + n with its name', async () => {
      expect(await bash('kill -KILL $$')).toMatchObject({ exitCode: 137, killedBy: 'SIGKILL' })
      expect(await bash('kill -SEGV $$')).toMatchObject({ exitCode: 139, killedBy: 'SIGSEGV' })
    })

    it('rejects when the program or the working directory is not there', async () => {
      await expect(run(['no-such-program'])).rejects.toThrow(/'no-such-program' wasn't found/)
      await expect(bash('true', { cwd: join(folder, 'none') })).rejects.toThrow(/isn't there/)
    })

    it('appends stdout and stderr to the log in the order of writing', async () => {
      writeFileSync(join(folder, 'log.txt'), 'before\n')
      await bash('echo 1; echo 2 >&2; echo 3; echo 4 >&2')
      expect(log()).toBe('before\n1\n2\n3\n4\n')
    })

    it('keeps bytes as they are and shows them live', async () => {
      const chunks: Buffer[] = []
      await bash(`printf '\\x00\\xff\\xfe\\r\\n'`, { onOutput: chunk => chunks.push(chunk) })
      expect(readFileSync(join(folder, 'log.txt'))).toEqual(Buffer.from([0, 255, 254, 13, 10]))
      expect(Buffer.concat(chunks)).toEqual(Buffer.from([0, 255, 254, 13, 10]))
    })

    it('keeps only head and tail of much output, with a notice', async () => {
      await bash('echo first; head -c 3000000 /dev/zero | tr "\\0" x; echo; echo last', { logBytes: 1000 })
      const text = log()
      expect(text.startsWith('first\nxxx')).toBe(true)
      expect(text.endsWith('xxx\nlast\n')).toBe(true)
      expect(text).toContain(`[millwright: ${3000000 + 12 - 1000} bytes of output left out]`)
      expect(text.length).toBeLessThan(1100)
      expect(readdirSync(folder)).toEqual(['log.txt'])
    })

    it('keeps all output that just fits', async () => {
      await bash('head -c 999 /dev/zero | tr "\\0" x; echo', { logBytes: 1000 })
      expect(log()).toBe(`${'x'.repeat(999)}\n`)
    })

    it('gives the command its directory, an empty stdin and exactly its environment', async () => {
      const names = { 'with.dot': 'a', EMPTY: '', LINES: "x\n'y'\\" }
      await run(['env', '-0'], { env: { PATH: '/usr/bin:/bin', ...names } })
      const shell = ['_', ...subject.addedVariables]
      const seen = log()
        .split('\0')
        .filter(entry => entry && !shell.some(variable => entry.startsWith(`${variable}=`)))
      expect(seen.sort()).toEqual(['EMPTY=', "LINES=x\n'y'\\", 'PATH=/usr/bin:/bin', 'with.dot=a'])
      rmSync(join(folder, 'log.txt'))
      await bash('pwd; cat; readlink /proc/self/fd/0')
      expect(log()).toBe(`${folder}\n/dev/null\n`)
    })

    it('gives every command its own environment and directory, also one of the same moment', async () => {
      const shown = await Promise.all(
        Array.from({ length: 6 }, async (_, n) => {
          const own = mkdtempSync(join(folder, 'own-'))
          const env = { PATH: '/usr/bin:/bin', [`N${n}`]: `${n}`, PS4: '$(x)' }
          await run(['env'], { cwd: own, env, log: join(own, 'log.txt') })
          return readFileSync(join(own, 'log.txt'), 'utf8').split('\n')
        }),
      )
      for (const [n, lines] of shown.entries()) {
        expect(lines).toEqual(expect.arrayContaining([`N${n}=${n}`, 'PS4=$(x)']))
        expect(lines.filter(line => /^N\d/.test(line))).toEqual([`N${n}=${n}`])
      }
    })

    it('leaves SIGINT and SIGTERM at their defaults', async () => {
      await bash(`python3 -c "import signal; print(signal.getsignal(2).__name__, signal.getsignal(15) == 0)"`)
      expect(log()).toBe('default_int_handler True\n')
    })

    it('takes hostile arguments literally', async () => {
      const hostile = ['$(touch x)', '; touch y', '`touch z`', 'a\'b"c', '-n', '', '*', '\n']
      await run(['printf', '%s|', ...hostile])
      expect(log()).toBe(hostile.map(text => `${text}|`).join(''))
      expect(readdirSync(folder)).toEqual(['log.txt'])
    })

    it('ends the tree on timeout', async () => {
      const result = await bash('sleep 1000 & sleep 1000', { timeoutSeconds: 0.2, graceSeconds: 2 })
      expect(result).toMatchObject({ reason: 'timed-out', exitCode: 143 })
      expect(result.seconds).toBeLessThan(2)
    })

    it('lets a command that handles SIGTERM finish within the grace', async () => {
      const result = await bash(`trap 'echo saved; exit 3' TERM; echo on; while :; do sleep 0.02; done`, {
        timeoutSeconds: 0.3,
      })
      expect(result).toMatchObject({ reason: 'timed-out', exitCode: 3 })
      expect(log()).toContain('saved')
    })

    it('starts nothing when it was cancelled before', async () => {
      const result = await bash('touch started', { signal: AbortSignal.abort() })
      expect(result.reason).toBe('cancelled')
      expect(existsSync(join(folder, 'started'))).toBe(false)
    })

    it('lets what the command left in the background finish what it writes', async () => {
      expect(await bash('(sleep 0.2; echo late) & echo early; exit 4')).toMatchObject({ exitCode: 4 })
      expect(log()).toBe('early\nlate\n')
    })

    it('leaves nothing when the command exits', async () => {
      const before = sleepers('321.25')
      await bash(ESCAPES('321.25'))
      expect(sleepers('321.25')).toBe(before)
    })

    it('leaves nothing when a stubborn tree is cancelled, and settles only then', async () => {
      const abort = new AbortController()
      const running = bash(`trap '' TERM; ${ESCAPES('321.5')}; echo up; while :; do sleep 0.05; done`, {
        signal: abort.signal,
        graceSeconds: 0.3,
        onOutput: () => abort.abort(),
      })
      expect(await running).toMatchObject({ reason: 'cancelled', exitCode: 137, killedBy: 'SIGKILL' })
      expect(sleepers('321.5')).toBe(0)
    })

    it('leaves nothing when this process is killed', async () => {
      const script = `trap '' TERM HUP; ${ESCAPES('321.75')}; touch up; while :; do sleep 0.05; done`
      const parent = spawn(process.execPath, [subject.runnerProgram(), script], {
        cwd: folder,
        stdio: 'ignore',
      })
      await vi.waitFor(() => expect(existsSync(join(folder, 'up'))).toBe(true), 10_000)
      expect(sleepers('321.75')).toBeGreaterThan(2)
      parent.kill('SIGKILL')
      await vi.waitFor(() => expect(sleepers('321.75')).toBe(0), 5000)
    })

    it('runs many commands at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => bash(`exit ${n}`, { log: join(folder, `${n}.txt`) })),
      )
      expect(results.map(result => result.exitCode)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    })

    it('fails and leaves nothing when the output cannot be shown', async () => {
      const onOutput = () => {
        throw new Error('no screen')
      }
      await expect(bash('echo x; sleep 322.5', { onOutput })).rejects.toThrow('no screen')
      expect(sleepers('322.5')).toBe(0)
    })
  })
}

/** Shell code that starts sleeping processes in every way in which a child can leave its parent. */
const ESCAPES = (seconds: string) => `sleep ${seconds} & setsid sleep ${seconds} & (setsid sleep ${seconds} &)
(setsid bash -c "trap '' TERM; (exec -a sleep sleep ${seconds}) & disown; sleep ${seconds}" &) ; sleep 0.1`

function sleepers(seconds: string): number {
  const commandLines = readdirSync('/proc').filter(entry => /^\d+$/.test(entry))
  return commandLines.filter(pid => commandLine(pid) === `sleep\0${seconds}\0`).length
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
