import { isAbsolute, join, resolve } from 'node:path'
import type { Datastores } from '#ml-service/job.ts'

/**
 * Where datastores are: as the settings say, relative to the folder `base`; the others, and relative ones when there is
 * no `base` (the ML service has no checkout), in `home` by name.
 */
export function datastoreFolders(
  settings: Readonly<Record<string, string>>,
  base: string | undefined,
  home: string,
): Datastores['at'] {
  return name => {
    const place = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (place === undefined) return join(home, name)
    if (place.startsWith('https://') || isAbsolute(place)) return place
    return base === undefined ? join(home, name) : resolve(base, place)
  }
}
