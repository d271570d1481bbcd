import { UserError } from '#errors.ts'
import type { MetricName } from '#models/metrics.ts'
import { listOf, mapOf, optional, record, section } from './fields.ts'
import type { ModelType, SourceTree, Tensor } from './model-type.ts'
import { pathFields } from './repository-paths.ts'
import { openSettingsFile } from './settings-file.ts'
import {
  choice,
  cronSchedule,
  datasetReference,
  flag,
  integer,
  NAME,
  NAME_DESCRIPTION,
  name,
  portName,
  shown,
  text,
} from './values.ts'

/**
 * Reads `mlops/<folder>/model.yml`, fills in the defaults and checks that every file it names is there.
 * Throws a UserError with file, line, column and key for the first mistake.
 */
export function readModelType(tree: SourceTree, folder: string): ModelType {
  const home = `mlops/${folder}`
  const file = `${home}/model.yml`
  refuseFolderName(folder, file)
  const read = modelTypeFields(tree, folder)
  return { folder: home, file, ...read(openSettingsFile(file, tree.read(file))) }
}

const METRICS = Object.keys({
  f1: 0,
  accuracy: 0,
  precision: 0,
  recall: 0,
  auc: 0,
  log_loss: 0,
  rmse: 0,
  mae: 0,
  mse: 0,
  r2: 0,
} satisfies Record<MetricName, 0>) as MetricName[]

/** The types of the Open Inference Protocol. */
const DATATYPES = [
  ...['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'],
  ...['FP16', 'FP32', 'FP64', 'BYTES'],
]

const tensors = optional(
  listOf(record({ name: text, datatype: choice(DATATYPES), shape: listOf(integer) })),
  [] as Tensor[],
)

function modelTypeFields(tree: SourceTree, folder: string) {
  const path = pathFields(tree, `mlops/${folder}`)
  const inputs = optional(mapOf(portName, path.input), {} as Record<string, string>)
  return record({
    name: optional(name, folder),
    checks: section({ lint: optional(text, 'ruff check .'), test: optional(text, 'pytest') }),
    requirements: path.optionalFile('requirements.txt'),
    pipeline: path.file('pipeline.yml'),
    sample: inputs,
    train: record({ inputs: inputs, model: portName }),
    compare: record({
      score: path.file(),
      dataset: datasetReference,
      metric: choice(METRICS),
      target: optional(text, 'target'),
    }),
    serve: section({
      runtime: optional(choice(['python-oip']), 'python-oip'),
      code: path.folder('serve'),
      requirements: path.optionalFile('serve/requirements.txt'),
      golden: optional(portName, null),
      signature: section({ inputs: tensors, outputs: tensors }),
    }),
    drift: optional(
      record({ target: datasetReference, schedule: optional(cronSchedule, '0 6 * * *') }),
      null,
    ),
    trigger: section({ newDataset: optional(flag, false) }),
  })
}

function refuseFolderName(folder: string, file: string): void {
  if (NAME.test(folder)) return
  throw new UserError('invalid-name', `the folder ${shown(folder)} must be ${NAME_DESCRIPTION}`, {
    place: { file, key: 'name' },
    hint: 'Rename the folder.',
  })
}
