import { spawnSync } from 'node:child_process'

/** Milliseconds from start to exit of a program, of which nothing is read. Throws when it fails. */
export function timed(argv, { env = process.env, cwd } = {}) {
  const started = performance.now()
  const { status, error, stderr } = spawnSync(argv[0], argv.slice(1), {
    ...{ env, cwd },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const elapsed = performance.now() - started
  if (error) throw error
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}\n${stderr}`)
  return elapsed
}

/**
 * Times of several measurements, taken in turns so that a busy moment of the machine meets all of them alike. The
 * first round warms up and isn't counted.
 */
export function inTurns(count, measurements) {
  const times = Object.fromEntries(Object.keys(measurements).map(name => [name, []]))
  for (let round = 0; round <= count; round++) {
    for (const [name, measure] of Object.entries(measurements)) {
      const value = measure(round)
      if (round > 0) times[name].push(value)
    }
  }
  return times
}

export function median(values) {
  return quantile(values, 0.5)
}

/** Linear between the two nearest ranks. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)]
  return below + (sorted[Math.ceil(position)] - below) * (position % 1)
}

/** Polls `found` until it returns something, seldom enough not to be in the way of what is measured. */
export async function until(found, what, { seconds = 180, every = 200 } = {}) {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; ) {
    const result = await found()
    if (result !== undefined && result !== false) return result
    await new Promise(resolve => setTimeout(resolve, every))
  }
  throw new Error(`${what} didn't come to be in ${seconds} s`)
}
