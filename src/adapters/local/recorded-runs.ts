import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface MetricPoint {
  value: number
  timestamp: number
  step: number
}

/** A run as it is kept; maps keep the order of logging. */
export interface RecordedRun {
  id: string
  name: string
  experimentId: string
  status: string
  startTime: number
  endTime: number | undefined
  artifactUri: string
  tags: Map<string, string>
  params: Map<string, string>
  metrics: Map<string, MetricPoint[]>
}

export interface RecordedExperiment {
  id: string
  name: string
  artifactLocation: string
  tags: Map<string, string>
}

/** Experiments and runs in memory, each run also in a file of its own, `<directory>/runs/<id>.json`. */
export interface RecordedRuns {
  experiments: Map<string, RecordedExperiment>
  runs: Map<string, RecordedRun>
  /** The experiment of that name, made when it is new. */
  experiment(name: string): RecordedExperiment
  create(run: {
    experimentId: string
    name: string
    startTime: number
    tags: Map<string, string>
  }): RecordedRun
  /** Small files are written faster than one wait for the thread pool takes. */
  save(run: RecordedRun): void
}

/** Opens the records in a folder; runs of earlier processes are there again. */
export function openRecordedRuns(directory: string): RecordedRuns {
  mkdirSync(join(directory, 'runs'), { recursive: true })
  const records = emptyRecords(directory)
  for (const { experiment, ...run } of readRuns(join(directory, 'runs'))) {
    records.runs.set(run.id, { ...run, experimentId: records.experiment(experiment).id })
  }
  return records
}

function emptyRecords(directory: string): RecordedRuns {
  const experiments = new Map<string, RecordedExperiment>()
  const runs = new Map<string, RecordedRun>()
  const byName = new Map<string, RecordedExperiment>()
  function experiment(name: string): RecordedExperiment {
    const known = byName.get(name)
    if (known) return known
    const id = String(experiments.size + 1)
    const made = { id, name, artifactLocation: fileUrl(directory, 'artifacts', id), tags: new Map() }
    byName.set(name, made)
    experiments.set(id, made)
    return made
  }
  function create(wanted: Parameters<RecordedRuns['create']>[0]): RecordedRun {
    const id = newId()
    const artifactUri = fileUrl(directory, 'artifacts', wanted.experimentId, id)
    const rest = { status: 'RUNNING', endTime: undefined, params: new Map(), metrics: new Map() }
    const run: RecordedRun = { ...wanted, ...rest, id, artifactUri }
    runs.set(id, run)
    return run
  }
  function save(run: RecordedRun): void {
    const file = join(directory, 'runs', `${run.id}.json`)
    const { experimentId, ...kept } = run
    const text = JSON.stringify({ ...kept, experiment: experiments.get(experimentId)?.name }, toPlain, 1)
    const temporary = `${file}.${randomUUID()}.tmp`
    writeFileSync(temporary, `${text}\n`)
    renameSync(temporary, file)
  }
  return { experiments, runs, experiment, create, save }
}

/** 32 hexadecimal digits, as MLflow's ids. */
export function newId(): string {
  return randomUUID().replaceAll('-', '')
}

/** The value that MLflow shows: the one of the highest step, then of the latest time. */
export function latestPoint(points: readonly MetricPoint[]): MetricPoint | undefined {
  return points.reduce<MetricPoint | undefined>((latest, point) => {
    return latest && compare(point, latest) < 0 ? latest : point
  }, undefined)
}

/** By step, then by time, then as they were logged: the latest is the last. */
export function orderedPoints(points: readonly MetricPoint[]): MetricPoint[] {
  return [...points].sort(compare)
}

function compare(a: MetricPoint, b: MetricPoint): number {
  return a.step - b.step || a.timestamp - b.timestamp
}

/** JSON has no NaN and no infinities; MLflow's protocol writes them as strings. */
export function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

export function fileUrl(...parts: [string, ...string[]]): string {
  return pathToFileURL(join(...parts)).href
}

function toPlain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  return typeof value === 'number' ? jsonNumber(value) : value
}

type StoredRun = Omit<RecordedRun, 'experimentId'> & { experiment: string }

function readRuns(folder: string): StoredRun[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  const runs = files.map(name => readRun(join(folder, name))).filter(run => run !== undefined)
  return runs.sort((a, b) => a.startTime - b.startTime)
}

function readRun(file: string): StoredRun | undefined {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8'))
    const metrics = Object.entries(run.metrics as Record<string, MetricPoint[]>).map(([key, points]) => {
      return [key, points.map(point => ({ ...point, value: Number(point.value) }))] as const
    })
    const [tags, params] = [run.tags, run.params].map(values => new Map(Object.entries(values as object)))
    return { ...run, tags, params, metrics: new Map(metrics) }
  } catch {
    return undefined
  }
}
