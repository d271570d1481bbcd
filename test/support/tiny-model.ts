import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { imageAssembler } from '#adapters/local/inference-image.ts'
import { filesDigest } from '#models/digest.ts'
import { sha256 } from '#packaging/digest.ts'
import type { InferenceImage } from '#packaging/image.ts'
import type { GoldenRequest, Signature } from '#packaging/inference.ts'

/** A linear model with JSON weights, small enough to be packaged and served in every test. */
export interface TinyModel {
  folder: string
  layout: string
  image: InferenceImage
  model: { name: string; version: number; digest: string }
  signature: Signature
  golden: GoldenRequest[]
}

export const PREDICT = `
import json

def load(model_dir):
    with open(model_dir + "/weights.json") as file:
        return json.load(file)

def predict(model, inputs):
    rows = [inputs["x"][i : i + 2] for i in range(0, len(inputs["x"]), 2)]
    scores = [row[0] * model[0] + row[1] * model[1] for row in rows]
    return {"label": [int(score > 0) for score in scores], "score": scores}
`

export const SIGNATURE: Signature = {
  inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 2] }],
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'score', datatype: 'FP64', shape: [-1] },
  ],
}

export interface TinyModelChange {
  weights?: string
  predict?: string
  /** A further file of the model, `extra.bin`. */
  extra?: Buffer
  signature?: Signature
  /** What the image says about its model, when it isn't the truth. */
  digest?: string
  /** A piece of the server's source and what stands there instead. */
  server?: [string, string]
}

/** Assembles it in a new temporary folder; `golden` is always what the unchanged model answers. */
export async function tinyModel(change: TinyModelChange = {}): Promise<TinyModel> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-tiny-'))
  const weights = change.weights ?? '[1.5, -2.25]'
  await writeFiles(folder, {
    'serve/predict.py': change.predict ?? PREDICT,
    'model/weights.json': weights,
    'runtimes/python-oip/oip_server.py': await server(change.server),
  })
  if (change.extra) await writeFile(join(folder, 'model/extra.bin'), change.extra)
  const golden = [recorded([1, 2]), recorded([4, 0.5])]
  await writeFile(join(folder, 'golden.jsonl'), golden.map(line => JSON.stringify(line)).join('\n'))
  const digest = change.digest ?? modelDigest({ weights, extra: change.extra })
  const signature = change.signature ?? SIGNATURE
  const model = { name: 'tiny', version: 3, digest }
  const layout = join(folder, 'image')
  const image = await imageAssembler({ runtimes: join(folder, 'runtimes') })({
    layout,
    runtime: 'python-oip',
    code: join(folder, 'serve'),
    model: join(folder, 'model'),
    golden: change.signature ? null : join(folder, 'golden.jsonl'),
    service: { ...model, commit: 'c0ffee'.padEnd(40, '0'), signature },
    created: new Date('2026-01-02T03:04:05Z'),
  })
  return { folder, layout, image, model, signature, golden }
}

export function modelDigest({ weights, extra }: { weights: string; extra?: Buffer }): string {
  const files = { 'weights.json': Buffer.from(weights), ...(extra ? { 'extra.bin': extra } : {}) }
  return filesDigest(
    Object.entries(files).map(([path, bytes]) => ({ path, bytes: bytes.length, digest: sha256(bytes) })),
  )
}

async function server([piece, other]: [string, string] = ['', '']): Promise<string> {
  const source = await readFile(resolve('runtimes/python-oip/oip_server.py'), 'utf8')
  if (!source.includes(piece)) throw new Error(`the server's source has no ${piece}`)
  return source.replace(piece, () => other)
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** What the model answers with the weights 1.5 and -2.25. */
function recorded(x: [number, number]): GoldenRequest {
  const score = x[0] * 1.5 - x[1] * 2.25
  return {
    request: { inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 2], data: x }] },
    response: {
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [1], data: [Number(score > 0)] },
        { name: 'score', datatype: 'FP64', shape: [1], data: [score] },
      ],
    },
  }
}
