import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '#config.ts'
import type { CodeHost } from '#ports/code-host.ts'

/** What every code host does for pushes that arrive through its URL. `make` gets an empty folder for its state. */
export function codeHostContract(name: string, make: (directory: string) => CodeHost): void {
  describe(`code host: ${name}`, () => {
    let root: string
    let host: CodeHost
    let url: string
    let clone: string

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'code host '))
      host = make(join(root, 'state of the host'))
      const source = join(root, 'factory')
      await writeFiles(source, {
        'mlops/a/model.yml': 'name: a\n',
        'old name.txt': 'one\n',
        'gone.txt': 'x\n',
      })
      url = (await host.create('factory', source)).url
      clone = join(root, 'clone of it')
      await git(root, 'clone', '--quiet', url, clone)
    })
    afterEach(() => rm(root, { recursive: true, force: true }))

    const tip = async (ref: string) => (await host.refs('factory'))[ref]!
    const change = async (files: Record<string, string>, message = 'change') => {
      await writeFiles(clone, files)
      await git(clone, 'add', '--all')
      await git(clone, ...AUTHOR, 'commit', '--quiet', '--allow-empty', '-m', message)
      return (await git(clone, 'rev-parse', 'HEAD')).trim()
    }
    const push = (refspec: string, ...flags: string[]) => git(clone, 'push', ...flags, 'origin', refspec)
    const filesOf = async (commit: string) => {
      const directory = await mkdtemp(join(root, 'checkout '))
      await host.checkout('factory', commit, directory)
      return directory
    }

    test('importing a folder makes one commit, the same one for the same files', async () => {
      const again = await host.create('twin', join(root, 'factory'))
      expect(await host.refs('twin')).toEqual({ 'refs/heads/main': await tip('refs/heads/main') })
      expect(await host.create('twin', join(root, 'factory'))).toEqual(again)
    })

    test('importing a repository brings its branches and their commits', async () => {
      await git(clone, 'checkout', '--quiet', '-b', 'qa')
      const commit = await change({ 'b.txt': 'b' })
      await host.create('copy', clone)
      expect(await host.refs('copy')).toEqual({
        'refs/heads/main': await tip('refs/heads/main'),
        'refs/heads/qa': commit,
      })
    })

    test('two imports of one source at once make one repository', async () => {
      const source = join(root, 'factory')
      const [one, other] = await Promise.all([host.create('twin', source), host.create('twin', source)])
      expect(one).toEqual(other)
      expect(Object.keys(await host.refs('twin'))).toEqual(['refs/heads/main'])
    })

    test('another source under a taken name is a conflict', async () => {
      await expect(host.create('factory', clone)).rejects.toMatchObject({ code: 'repository-exists' })
    })

    test.each([
      ['a missing folder', 'nowhere', 'source-not-found'],
      ['a command in place of a URL', 'ext::sh -c "touch canary"', 'source-not-found'],
      ['a transport that runs commands', 'ext://sh -c "touch canary"', 'unsupported-source'],
      ['a password in a URL', 'https://me:secret@localhost/x', 'secret-in-url'],
    ])('importing from %s is refused', async (_, source, code) => {
      await expect(host.create('other', source)).rejects.toMatchObject({ code })
      await expect(host.refs('other')).rejects.toMatchObject({ code: 'unknown-repository' })
    })

    test('importing from a repository without commits or an empty folder is refused', async () => {
      await git(root, 'init', '--quiet', 'empty')
      await mkdir(join(root, 'void'))
      await expect(host.create('e', join(root, 'empty'))).rejects.toMatchObject({ code: 'no-commits' })
      await expect(host.create('v', join(root, 'void'))).rejects.toMatchObject({ code: 'no-commits' })
    })

    test('a branch with a hostile name is not imported and nothing is run', async () => {
      await git(clone, 'update-ref', 'refs/heads/$(touch${IFS}canary)', 'HEAD')
      await git(clone, 'update-ref', 'refs/heads/--upload-pack=touch', 'HEAD')
      await host.create('copy', clone)
      expect(Object.keys(await host.refs('copy'))).toEqual(['refs/heads/main'])
      expect(await canaries(root)).toEqual([])
    })

    test.each(['..', 'a/b', '-x', 'a b', '$(touch canary)', '', 'x\0'])(
      'a repository named %j is refused',
      async hostile => {
        await expect(host.create(hostile)).rejects.toMatchObject({ code: 'invalid-name' })
        await expect(host.refs(hostile)).rejects.toMatchObject({ code: 'invalid-name' })
      },
    )

    test('a push to a branch and to refs/for/ moves the refs', async () => {
      const first = await change({ 'new.txt': '1' })
      await push('HEAD:refs/heads/main')
      const second = await change({ 'new.txt': '2' })
      await push('HEAD:refs/for/main/my-topic')
      expect(await host.refs('factory')).toEqual({
        'refs/heads/main': first,
        'refs/for/main/my-topic': second,
      })
    })

    test('changed files are those since the merge base; renames and deletions count with all their paths', async () => {
      const base = await tip('refs/heads/main')
      await git(clone, 'mv', 'old name.txt', 'näw name.txt')
      await git(clone, 'rm', '--quiet', 'gone.txt')
      const head = await change({ 'mlops/a/model.yml': 'name: a # 2\n' })
      await push('HEAD:refs/for/main/t')
      await git(clone, 'checkout', '--quiet', base)
      const other = await change({ 'elsewhere.txt': '' })
      await push('HEAD:refs/heads/main')
      const changed = ['gone.txt', 'mlops/a/model.yml', 'näw name.txt', 'old name.txt']
      expect((await host.changedFiles('factory', other, head)).sort()).toEqual(changed.sort())
      expect((await host.changedFiles('factory', null, base)).sort()).toEqual([
        'gone.txt',
        'mlops/a/model.yml',
        'old name.txt',
      ])
    })

    test('a checkout has the files, their modes and the time of the commit, and no .git', async () => {
      await writeFiles(clone, { 'run.sh': '#!/bin/sh\n', '.gitattributes': 'gone.txt export-ignore\n' })
      await git(clone, 'add', '--all', '--chmod=+x')
      await symlink('../old name.txt', join(clone, 'mlops/link'))
      const commit = await change({})
      await push('HEAD:refs/heads/main')
      const directory = join(root, 'new', 'folder')
      const { committedAt } = await host.checkout('factory', commit, directory)
      expect((await readdir(directory)).sort()).toEqual([
        '.gitattributes',
        'gone.txt',
        'mlops',
        'old name.txt',
        'run.sh',
      ])
      expect(readFileSync(join(directory, 'mlops/link'), 'utf8')).toBe('one\n')
      expect(Math.abs(Date.parse(committedAt) - Date.now())).toBeLessThan(60_000)
    })

    test.each(['/etc/passwd', '../outside', 'mlops/../../outside', 'a/../b'])(
      'a commit with a link to %s is refused',
      async target => {
        await symlink(target, join(clone, 'link'))
        const commit = await change({})
        await push('HEAD:refs/for/main/links')
        await expect(filesOf(commit)).rejects.toMatchObject({
          code: 'link-outside-repository',
          place: { file: 'link' },
        })
      },
    )

    test('a submodule is left out', async () => {
      await git(clone, 'update-index', '--add', '--cacheinfo', `160000,${await tip('refs/heads/main')},sub`)
      await git(clone, ...AUTHOR, 'commit', '--quiet', '-m', 'submodule')
      const commit = (await git(clone, 'rev-parse', 'HEAD')).trim()
      await push('HEAD:refs/heads/main')
      expect(await readdir(await filesOf(commit))).not.toContain('sub')
    })

    test('an unknown commit is not found; something else is no commit', async () => {
      const missing = 'a'.repeat(40)
      await expect(filesOf(missing)).rejects.toMatchObject({ name: 'NotFoundError', code: 'unknown-commit' })
      await expect(host.changedFiles('factory', null, missing)).rejects.toMatchObject({
        code: 'unknown-commit',
      })
      for (const hostile of ['main', '--output=canary', '$(touch canary)', 'HEAD~1']) {
        await expect(filesOf(hostile)).rejects.toMatchObject({ code: 'invalid-commit' })
      }
    })

    test('a merge has both parents, once', async () => {
      const expected = await tip('refs/heads/main')
      const head = await change({ 'b.txt': 'b' })
      await push('HEAD:refs/for/main/t')
      const merge = {
        branch: 'main',
        expected,
        head,
        message: 'Merge pull request 1: "$(touch canary)"\n\nbody',
      }
      const merged = await host.merge('factory', merge)
      expect(await tip('refs/heads/main')).toBe(merged)
      expect(await host.merge('factory', merge)).toBe(merged)
      await git(clone, 'fetch', '--quiet', 'origin')
      const [parents, ...message] = (await git(clone, 'show', '-s', '--format=%P%n%B', merged))
        .trim()
        .split('\n')
      expect(parents).toBe(`${expected} ${head}`)
      expect(message.join('\n')).toBe(merge.message)
      expect(existsSync(join(await filesOf(merged), 'b.txt'))).toBe(true)
    })

    test('a merge onto a branch that moved is refused', async () => {
      const expected = await tip('refs/heads/main')
      const head = await change({ 'b.txt': 'b' })
      await push('HEAD:refs/for/main/t')
      await git(clone, 'checkout', '--quiet', expected)
      const moved = await change({ 'c.txt': 'c' })
      await push('HEAD:refs/heads/main')
      const merge = { branch: 'main', expected, head, message: 'm' }
      await expect(host.merge('factory', merge)).rejects.toMatchObject({ code: 'branch-moved' })
      expect(await tip('refs/heads/main')).toBe(moved)
    })

    test('of two merges at once, one wins and the other is told', async () => {
      const expected = await tip('refs/heads/main')
      const heads: string[] = []
      for (const topic of ['one', 'two']) {
        await git(clone, 'checkout', '--quiet', expected)
        heads.push(await change({ [`${topic}.txt`]: topic }))
        await push(`HEAD:refs/for/main/${topic}`)
      }
      const merges = heads.map(head =>
        host.merge('factory', { branch: 'main', expected, head, message: 'm' }),
      )
      const results = await Promise.allSettled(merges)
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const refused = results.find(result => result.status === 'rejected')!
      expect(refused.reason).toMatchObject({ name: 'ConflictError', code: 'branch-moved' })
    })

    test('a conflict names the files and leaves the branch', async () => {
      const base = await tip('refs/heads/main')
      const head = await change({ 'old name.txt': 'mine\n', 'd/e.txt': 'mine\n' })
      await push('HEAD:refs/for/main/t')
      await git(clone, 'checkout', '--quiet', base)
      const expected = await change({ 'old name.txt': 'theirs\n', 'd/e.txt': 'theirs\n' })
      await push('HEAD:refs/heads/main')
      const merge = host.merge('factory', { branch: 'main', expected, head, message: 'm' })
      await expect(merge).rejects.toMatchObject({
        name: 'ConflictError',
        code: 'merge-conflict',
        message: 'merging into main conflicts in d/e.txt, old name.txt',
      })
      expect(await tip('refs/heads/main')).toBe(expected)
    })

    test('a merge of unrelated histories, into an unknown branch or of an unknown commit is refused', async () => {
      const expected = await tip('refs/heads/main')
      await git(clone, 'checkout', '--quiet', '--orphan', 'alien')
      const head = await change({ 'x.txt': '' })
      await push('HEAD:refs/for/main/alien')
      const merge = { branch: 'main', expected, head, message: '' }
      await expect(host.merge('factory', merge)).rejects.toMatchObject({ code: 'unrelated-histories' })
      const elsewhere = { ...merge, branch: '--no$(touch canary)' }
      await expect(host.merge('factory', elsewhere)).rejects.toMatchObject({ code: 'unknown-branch' })
      const unknown = { ...merge, head: 'b'.repeat(40) }
      await expect(host.merge('factory', unknown)).rejects.toMatchObject({ code: 'unknown-commit' })
    })

    test.each([
      ['HEAD:refs/heads/$(touch${IFS}canary)', 'Names of branches'],
      ['HEAD:refs/heads/`touch${IFS}canary`', 'Names of branches'],
      ['HEAD:refs/heads/x;touch${IFS}canary', 'Names of branches'],
      ['HEAD:refs/heads/"quoted"|id', 'Names of branches'],
      ['HEAD:refs/for/main/$(touch${IFS}canary)', 'Names of branches'],
      ['HEAD:refs/heads/ümlaut', 'Names of branches'],
      ['HEAD:refs/heads/--upload-pack=x', 'Names of branches'],
      ['HEAD:refs/heads/-x', 'must not begin'],
      ['HEAD:refs/for/main', 'needs a topic'],
      ['HEAD:refs/tags/v1', 'Tags are not kept'],
      ['HEAD:refs/millwright/seen/x', 'Push a branch'],
      ['HEAD:refs/notes/x', 'Push a branch'],
      [':refs/heads/main', 'cannot be deleted'],
    ])('a push of %s is refused and runs nothing', async (refspec, message) => {
      const before = await host.refs('factory')
      await change({ 'b.txt': 'b' })
      await expect(push(refspec)).rejects.toThrow(message)
      expect(await host.refs('factory')).toEqual(before)
      expect(await canaries(root)).toEqual([])
    })
  })
}

const AUTHOR = ['-c', 'user.name=Author', '-c', 'user.email=author@example.invalid']

/** Runs git as a user would, with settings of its own; throws with what git said. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = { ...readConfig().inheritedEnv, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' }
  return (await promisify(execFile)('git', args, { cwd, env })).stdout
}

export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** Files that only a command from a name would have made. */
async function canaries(root: string): Promise<string[]> {
  const files = await readdir(root, { recursive: true })
  return files.filter(file => /(^|\/)canary$/.test(file))
}
