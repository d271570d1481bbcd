/** How long ago, e.g. `5 minutes ago`; `just now` for less than five seconds. */
export function ago(time: string | null, now: Date): string {
  if (time === null) return ''
  const seconds = (now.getTime() - Date.parse(time)) / 1000
  if (seconds < 5) return 'just now'
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1)!
  const count = Math.floor(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

const UNITS: readonly (readonly [string, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** Between two times (the second null: until `now`), e.g. `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function took(start: string | null, end: string | null, now: Date): string {
  if (start === null) return ''
  return duration(((end === null ? now.getTime() : Date.parse(end)) - Date.parse(start)) / 1000)
}

export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's')
  return two(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min')
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}
