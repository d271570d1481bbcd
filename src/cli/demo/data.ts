import { execFile } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Config } from '#config.ts'
import { packageFolder } from '#main/package-folder.ts'
import { composeTools } from '#main/tools.ts'

const execute = promisify(execFile)

/** Makes the example's datasets in `folder` with its own script, in a Python environment of its requirements. */
export async function makeDatasets(
  config: Config,
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const factory = packageFolder('examples/factory')
  const requirements = (await readFile(join(factory, 'requirements.txt'), 'utf8'))
    .split('\n')
    .filter(line => /^\w/.test(line))
  const environment = await composeTools(config).environments.prepare({ requirements }, { onProgress })
  await execute(join(environment, 'bin', 'python'), [join(factory, 'make_datasets.py'), folder], {
    env: { ...config.inheritedEnv, PYTHONDONTWRITEBYTECODE: '1' },
  })
}

/** Copies the example's model repository, as a user would start one. */
export async function copyExample(folder: string): Promise<void> {
  const left = /(^|\/)(__pycache__|\.pytest_cache|\.ruff_cache)$/
  await cp(packageFolder('examples/factory/mlops'), join(folder, 'mlops'), {
    recursive: true,
    filter: path => !left.test(path),
  })
}
