import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { ImageConfig } from '#packaging/documents.ts'
import { MODEL_LABELS } from '#packaging/labels.ts'
import { layerEntries } from '#packaging/layer-entries.ts'
import { blobPath, type ImageDocuments, readImage } from '#packaging/layout.ts'
import type { ServedIdentity } from './service.ts'

/** S0: every digest is right, the user isn't root, the entrypoint is in a layer, nothing is writable by all, the labels fit. */
export async function checkStatic(layout: string, model: ServedIdentity): Promise<string> {
  const image = await readImage(path => readFile(join(layout, path)).catch(cause => missing(path, cause)))
  const paths = await readLayers(layout, image)
  checkUser(image.config)
  checkLabels(image.config, model)
  const entrypoint = checkEntrypoint(image.config, paths)
  return `${image.manifest.layers.length} layers verified, ${paths.size} files and folders, entrypoint ${entrypoint}`
}

function missing(path: string, cause: unknown): never {
  throw new StageFailure(`the layout has no ${path}`, { cause })
}

async function readLayers(layout: string, { manifest, config }: ImageDocuments): Promise<Set<string>> {
  const paths = new Set<string>()
  if (config.rootfs?.diff_ids?.length !== manifest.layers.length) {
    throw new StageFailure('config and manifest differ in their number of layers')
  }
  for (const [index, layer] of manifest.layers.entries()) {
    const blob = createReadStream(join(layout, blobPath(layer.digest)))
    for await (const { path, mode, type } of layerEntries(blob, layer, config.rootfs.diff_ids[index])) {
      if (isDangerous(mode, type)) throw new StageFailure(`/${path} has the mode ${mode.toString(8)}`)
      paths.add(path)
    }
  }
  return paths
}

/** Writable by everybody (except folders such as /tmp, whose entries are protected), or setuid, or setgid. */
function isDangerous(mode: number, type: string): boolean {
  if (type === 'symlink') return false
  const protectedFolder = type === 'directory' && (mode & 0o1000) !== 0
  return ((mode & 0o002) !== 0 && !protectedFolder) || (type === 'file' && (mode & 0o6000) !== 0)
}

function checkUser({ config }: ImageConfig): void {
  const user = (config.User ?? '').split(':')[0]
  if (user === '' || user === 'root' || Number(user) === 0) throw new StageFailure('the image runs as root')
}

function checkLabels({ config }: ImageConfig, model: ServedIdentity): void {
  const expected = {
    [MODEL_LABELS.name]: model.name,
    [MODEL_LABELS.version]: String(model.version),
    [MODEL_LABELS.digest]: model.digest,
  }
  for (const [label, value] of Object.entries(expected)) {
    const found = config.Labels?.[label]
    if (found !== value)
      throw new StageFailure(`the label ${label} is ${JSON.stringify(found)}, not ${value}`)
  }
}

function checkEntrypoint({ config }: ImageConfig, paths: ReadonlySet<string>): string {
  const [program = '', ...args] = config.Entrypoint ?? []
  const candidates = programFiles(program, args).map(file =>
    posix.resolve('/', config.WorkingDir ?? '/', file).slice(1),
  )
  const found = candidates.find(path => paths.has(path))
  if (!found) throw new StageFailure(`the entrypoint ${JSON.stringify(config.Entrypoint)} is in no layer`)
  return `/${found}`
}

/** Files that can be what an entrypoint starts: of `python3 -m name` the module, of `python3 file` the file. */
function programFiles(program: string, [first = '', second = '']: string[]): string[] {
  if (!/(^|\/)python[\d.]*$/.test(program))
    return [program, `/usr/local/bin/${program}`, `/usr/bin/${program}`, `/bin/${program}`]
  const module = second.replaceAll('.', '/')
  return first === '-m' ? [`${module}.py`, `${module}/__main__.py`] : [first]
}
