import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '#errors.ts'
import { type Ignored, ignoreRules } from './ignore-file.ts'

/** The files of a step's `code` folder that it gets a copy of. */
export interface CodeSnapshot {
  /** `sha256:…` over paths, modes and contents. */
  digest: string
  /** Writes the files below `folder`, which exists. */
  copyTo(folder: string): Promise<void>
  /** Whether a script, by Python or a shell, has a match. */
  mentions(pattern: RegExp): Promise<boolean>
}

/**
 * Lists and reads the code. Left out: what the root's `.amlignore`, or else its `.gitignore`, names (files below don't
 * count), version control, Python's caches and components that came with the tree. Symbolic links are followed. Throws UserError when nothing is left.
 */
export async function snapshotCode(code: string): Promise<CodeSnapshot> {
  const root = (await stat(code)).isDirectory() ? code : dirname(code)
  const files = root === code ? await list(root, await rulesOf(root)) : [code.slice(root.length + 1)]
  if (files.length === 0) {
    throw new UserError('empty-code', `the code folder ${code} has no files`, {
      hint: 'is everything in it ignored by .amlignore or .gitignore?',
    })
  }
  return {
    digest: await digestOf(root, files),
    copyTo: folder => copy(root, files, folder),
    mentions: pattern => mentions(root, files, pattern),
  }
}

/** Absolute paths of the files of a code folder (or the only file) that a step gets a copy of, sorted. */
export async function listCode(code: string): Promise<string[]> {
  if (!(await stat(code)).isDirectory()) return [code]
  return (await list(code, await rulesOf(code))).map(path => join(code, path))
}

async function rulesOf(root: string): Promise<Ignored> {
  const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => undefined)
  return ignoreRules((await read('.amlignore')) ?? (await read('.gitignore')) ?? '')
}

/** Names that no snapshot has. */
export const NEVER_COPIED =
  /^(\.git|\.hg|\.svn|__pycache__|\.pytest_cache|\.ruff_cache|\.mypy_cache|\.ipynb_checkpoints|\.components)$/

/** Relative paths of all files, sorted. */
async function list(root: string, ignored: Ignored): Promise<string[]> {
  const files: string[] = []
  async function walk(prefix: string, above: string[]): Promise<void> {
    const real = await realpath(join(root, prefix))
    if (above.includes(real)) return
    for (const name of (await readdir(join(root, prefix))).sort()) {
      const path = prefix + name
      const info = await stat(join(root, path)).catch(() => undefined)
      if (!info || NEVER_COPIED.test(name) || ignored(path, info.isDirectory())) continue
      if (info.isDirectory()) await walk(`${path}/`, [...above, real])
      else if (info.isFile()) files.push(path)
    }
  }
  await walk('', [])
  return files
}

async function digestOf(root: string, files: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    const [content, info] = await Promise.all([readFile(join(root, file)), stat(join(root, file))])
    const mode = (info.mode & 0o111) === 0 ? 'file' : 'program'
    hash.update(`${file}\0${mode}\0${content.length}\0`).update(content)
  }
  return `sha256:${hash.digest('hex')}`
}

async function copy(root: string, files: string[], folder: string): Promise<void> {
  const folders = new Set(files.map(file => dirname(file)))
  for (const name of folders) await mkdir(join(folder, name), { recursive: true })
  for (const file of files) {
    await copyFile(join(root, file), join(folder, file), constants.COPYFILE_FICLONE)
  }
}

async function mentions(root: string, files: string[], pattern: RegExp): Promise<boolean> {
  for (const file of files.filter(name => /\.(py|sh|bash)$/.test(name))) {
    if (pattern.test(await readFile(join(root, file), 'utf8'))) return true
  }
  return false
}
