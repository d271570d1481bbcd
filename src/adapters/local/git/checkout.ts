import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { UserError } from '#errors.ts'
import type { Git } from './program.ts'

/**
 * Writes a commit's files into `directory`, which must be missing or empty. Submodules are left out. Throws UserError
 * for a symbolic link that leads out of the tree and for a tree beyond the limits.
 */
export async function checkOut(
  git: Git,
  repository: string,
  commit: string,
  directory: string,
): Promise<void> {
  await requireEmpty(directory)
  const entries = await treeEntries(git, repository, commit)
  refuseHugeTree(entries)
  await refuseEscapingLinks(git, repository, entries)
  const index = join(repository, 'millwright', `index-${randomUUID()}`)
  const options = { repository, env: { GIT_INDEX_FILE: index, GIT_WORK_TREE: directory } }
  try {
    const files = entries.filter(({ mode }) => mode !== SUBMODULE)
    const lines = files.map(({ mode, object, path }) => `${mode} ${object}\t${path}\0`)
    await git.text(['update-index', '-z', '--index-info'], { ...options, input: lines.join('') })
    await git.text(['-C', directory, 'checkout-index', '--quiet', '--all'], options)
  } finally {
    await rm(index, { force: true })
  }
}

const SUBMODULE = '160000'
const SYMBOLIC_LINK = '120000'
const MAX_FILES = 100_000
const MAX_BYTES = 20 * 1024 ** 3

interface TreeEntry {
  mode: string
  object: string
  bytes: number
  path: string
}

async function requireEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  if ((await readdir(directory)).length > 0)
    throw new Error(`checkout into a folder that isn't empty: ${directory}`)
}

async function treeEntries(git: Git, repository: string, commit: string): Promise<TreeEntry[]> {
  const lines = await git.list(['ls-tree', '-r', '-z', '--long', '--full-tree', commit], { repository })
  return lines.map(line => {
    const tab = line.indexOf('\t')
    const [mode, , object, bytes] = line.slice(0, tab).split(/ +/) as [string, string, string, string]
    return { mode, object, bytes: Number(bytes) || 0, path: line.slice(tab + 1) }
  })
}

function refuseHugeTree(entries: readonly TreeEntry[]): void {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  if (entries.length <= MAX_FILES && bytes <= MAX_BYTES) return
  throw new UserError('tree-too-large', `the commit has ${entries.length} files of together ${bytes} bytes`, {
    hint: 'At most 100,000 files and 20 GB: keep data in datasets (`millwright dataset register`).',
  })
}

async function refuseEscapingLinks(
  git: Git,
  repository: string,
  entries: readonly TreeEntry[],
): Promise<void> {
  for (const { object, path } of entries.filter(({ mode }) => mode === SYMBOLIC_LINK)) {
    const target = await git.text(['cat-file', 'blob', object], { repository })
    if (staysInside(path, target)) continue
    throw new UserError(
      'link-outside-repository',
      `the symbolic link leads out of the repository: ${target}`,
      {
        place: { file: path },
        hint: 'Replace it by a file, or by a relative link that only begins with `../`.',
      },
    )
  }
}

/**
 * Leading `..` climb real folders, so counting them is enough; a later `..` might climb from another link's target and
 * is refused.
 */
function staysInside(path: string, target: string): boolean {
  if (posix.isAbsolute(target) || target.includes('\0')) return false
  const parts = target.split('/').filter(part => part !== '' && part !== '.')
  const climbs = parts.findIndex(part => part !== '..')
  const leading = climbs === -1 ? parts.length : climbs
  const depth = path.split('/').length - 1
  return leading <= depth && !parts.slice(leading).includes('..')
}
