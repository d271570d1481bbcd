import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Packages whose import takes long enough to be worth a server; see also `imports.py` of the server. */
const HEAVY = /^(numpy|scipy|pandas|pyarrow|joblib|sklearn|matplotlib|seaborn|statsmodels|mlflow)$/

/** Whether one of them is installed in a Python environment. */
export async function hasHeavyPackages(environment: string): Promise<boolean> {
  const lib = join(environment, 'lib')
  for (const version of await readdir(lib).catch(() => [])) {
    const packages = await readdir(join(lib, version, 'site-packages')).catch(() => [])
    if (packages.some(name => HEAVY.test(name))) return true
  }
  return false
}
