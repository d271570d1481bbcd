/** What a scan of a dataset's tables found. */
export interface DatasetProfile {
  columns: ColumnProfile[]
}

export interface ColumnProfile {
  name: string
  /** `integer`, `number`, `string`, `boolean`, `date`, `time`, `timestamp`, or the engine's word for anything else. */
  type: string
  /** Rows without a value; for numbers, also NaN. */
  missing: number
  /** Least and greatest value, NaN left out; texts by their bytes and cut to 100 characters. Null without values. */
  min: string | number | boolean | null
  max: string | number | boolean | null
  /** Estimated number of different values (HyperLogLog, some percent off for large numbers). */
  distinct: number
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$|^BIGNUM$/, 'integer'],
  [/^(FLOAT|DOUBLE|DECIMAL\(.*\))$/, 'number'],
  [/^(VARCHAR|ENUM\(.*\)|UUID)$/, 'string'],
  [/^BOOLEAN$/, 'boolean'],
  [/^DATE$/, 'date'],
  [/^TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?$/, 'timestamp'],
  [/^TIME( WITH TIME ZONE|_NS)?$/, 'time'],
]

/** The word for a column's type in a profile, from the type's name in DuckDB. */
export function columnType(engineType: string): string {
  return TYPES.find(([pattern]) => pattern.test(engineType))?.[1] ?? engineType.toLowerCase()
}

/** A bound as the engine writes it, as JSON has it: what isn't exact or finite as a JavaScript number stays text. */
export function boundOf(type: string, text: string | null): ColumnProfile['min'] {
  if (text === null) return null
  if (type === 'boolean') return text === 'true'
  if (type !== 'integer' && type !== 'number') return text
  const value = Number(text)
  const exact = type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)
  return exact ? value : text
}
