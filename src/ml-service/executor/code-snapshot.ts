import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '#errors.ts'
import { type Ignored, ignoreRules, NEVER_CODE } from './ignore-file.ts'

/** The files of a step's `code` folder that it gets a copy of. */
export interface CodeSnapshot {
  /** `sha256:…` over paths, modes and contents. */
  digest: string
  /** Whether a file names MLflow or the run: without that no script can log to it. */
  mayLog: boolean
  /** Writes the files below `folder`, which exists. */
  copyTo(folder: string): Promise<void>
}

/**
 * Lists and reads the code. Left out: what the root's `.amlignore`, or else its `.gitignore`, names (files below don't
 * count), version control and Python's caches. Symbolic links are followed. Throws UserError when nothing is left.
 */
export async function snapshotCode(code: string): Promise<CodeSnapshot> {
  const root = (await stat(code)).isDirectory() ? code : dirname(code)
  const files = root === code ? await list(root, await rulesOf(root)) : [code.slice(root.length + 1)]
  if (files.length === 0) {
    throw new UserError('empty-code', `the code folder ${code} has no files`, {
      hint: 'is everything in it ignored by .amlignore or .gitignore?',
    })
  }
  return { ...(await readAll(root, files)), copyTo: folder => copy(root, files, folder) }
}

async function rulesOf(root: string): Promise<Ignored> {
  const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => undefined)
  return ignoreRules((await read('.amlignore')) ?? (await read('.gitignore')) ?? '')
}

/** Relative paths of all files, sorted. */
async function list(root: string, ignored: Ignored): Promise<string[]> {
  const files: string[] = []
  async function walk(prefix: string, above: string[]): Promise<void> {
    const real = await realpath(join(root, prefix))
    if (above.includes(real)) return
    for (const name of (await readdir(join(root, prefix))).sort()) {
      const path = prefix + name
      const info = await stat(join(root, path)).catch(() => undefined)
      if (!info || NEVER_CODE.test(name) || ignored(path, info.isDirectory())) continue
      if (info.isDirectory()) await walk(`${path}/`, [...above, real])
      else if (info.isFile()) files.push(path)
    }
  }
  await walk('', [])
  return files
}

const LOGGING = ['mlflow', 'MLFLOW_', 'AZUREML_RUN_ID', 'AZUREML_ROOT_RUN_ID']

async function readAll(root: string, files: string[]): Promise<{ digest: string; mayLog: boolean }> {
  const hash = createHash('sha256')
  let mayLog = false
  for (const file of files) {
    const [content, info] = await Promise.all([readFile(join(root, file)), stat(join(root, file))])
    const mode = (info.mode & 0o111) === 0 ? 'file' : 'program'
    hash.update(`${file}\0${mode}\0${content.length}\0`).update(content)
    mayLog ||= LOGGING.some(word => content.includes(word))
  }
  return { digest: `sha256:${hash.digest('hex')}`, mayLog }
}

async function copy(root: string, files: string[], folder: string): Promise<void> {
  const folders = new Set(files.map(file => dirname(file)))
  for (const name of folders) await mkdir(join(folder, name), { recursive: true })
  for (const file of files) {
    await copyFile(join(root, file), join(folder, file), constants.COPYFILE_FICLONE)
  }
}
