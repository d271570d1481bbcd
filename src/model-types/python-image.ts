/**
 * The Python minor that an image's name tells: `python:3.9-slim` → `3.9`, `…/minimal-ubuntu22.04-py38-cpu` → `3.8`.
 * `isOfficial`: it is one of Python's own images. `isPython`: steps may expect a Python there at all.
 */
export function pythonOfImage(image: string): {
  minor: string | undefined
  isOfficial: boolean
  isPython: boolean
} {
  const official = /^(?:docker\.io\/)?(?:library\/)?python(?::([^@]+))?(?:@.*)?$/.exec(image.trim())
  if (official) return { minor: /^3\.\d+/.exec(official[1] ?? '')?.[0], isOfficial: true, isPython: true }
  const tagged = /(?:^|[-_/:.])py(?:thon)?[-_]?3\.?(\d{1,2})(?![\d.])/.exec(image)
  if (tagged) return { minor: `3.${tagged[1]}`, isOfficial: false, isPython: true }
  return {
    minor: undefined,
    isOfficial: false,
    isPython: /azureml|python|conda|pytorch|tensorflow|jupyter|sklearn/i.test(image),
  }
}
