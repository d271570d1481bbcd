import { median } from './measure.js'

/**
 * A markdown table. A row is `{figure, values, unit, floor?: {name, values}, goal?, timesFloor?}`: `goal` is the most in
 * the row's unit, `timesFloor` the most as a multiple of the floor. `pick` chooses the number that stands for the values
 * (default: the median).
 */
export function table(rows) {
  const head = '| figure | measured | floor in the same run | × floor | goal | |\n|---|---|---|---:|---|---|'
  return [head, ...rows.map(line)].join('\n')
}

function line(row) {
  const { figure, unit, floor, goal, timesFloor } = row
  const value = chosen(row)
  const most = goal ?? (timesFloor === undefined ? undefined : timesFloor * chosen(floor))
  const reached = most === undefined ? '' : value <= most ? 'met' : '**missed**'
  const cells = [
    figure,
    `**${number(value)} ${unit}** (${range(row)})`,
    floor ? `${number(chosen(floor))} ${unit}, ${floor.name}` : '',
    floor ? number(value / chosen(floor)) : '',
    timesFloor === undefined ? (goal === undefined ? '' : `≤ ${goal} ${unit}`) : `≤ ${timesFloor} × floor`,
    reached,
  ]
  return `| ${cells.join(' | ')} |`
}

function chosen({ values, pick = median }) {
  return pick(values)
}

function range({ values, what = 'median' }) {
  if (values.length === 1) return 'one reading'
  return `${what} of ${values.length}, ${number(Math.min(...values))}–${number(Math.max(...values))}`
}

function number(value) {
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}
