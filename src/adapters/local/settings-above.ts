import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SETTINGS_FILE } from '#model-types/read-settings.ts'

/** The `mlops/millwright.yml` of the repository that the file lies in, if there is one. */
export function settingsAbove(file: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const settings = join(folder, SETTINGS_FILE)
    if (existsSync(settings)) return settings
  }
  return undefined
}
