import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Descriptor } from '#packaging/documents.ts'
import { damaged } from '#packaging/layout.ts'
import { ATTEMPTS, type RegistryClient, TransientError } from './client.ts'

/** Blobs up to this size go in one request; larger ones in pieces of it. ACR takes no more than 20 MB per piece. */
const PIECE_BYTES = 16 * 1024 * 1024

/**
 * Uploads a blob unless it is there. An upload that fails on its way is begun again, after asking whether it arrived
 * after all. The bytes are verified while they are read: a damaged blob is never completed.
 */
export async function uploadBlob(
  client: RegistryClient,
  repository: string,
  file: string,
  blob: Descriptor,
): Promise<void> {
  for (let attempt = 1; !(await hasBlob(client, repository, blob)); attempt++) {
    try {
      return await uploadOnce(client, repository, file, blob)
    } catch (error) {
      if (!(error instanceof TransientError) || attempt === ATTEMPTS) throw error
      await client.backOff(attempt)
    }
  }
}

async function hasBlob(client: RegistryClient, repository: string, { digest }: Descriptor): Promise<boolean> {
  const url = `${repository}/blobs/${digest}`
  const response = await client.send({ method: 'HEAD', url, repository, expect: [200, 404] })
  return response.status === 200
}

async function uploadOnce(
  client: RegistryClient,
  repository: string,
  file: string,
  blob: Descriptor,
): Promise<void> {
  const handle = await open(file)
  try {
    const begun = await client.send({
      method: 'POST',
      url: `${repository}/blobs/uploads/`,
      repository,
      expect: [202],
    })
    const upload = { client, repository, blob, handle, place: client.locate(begun) }
    await (blob.size <= PIECE_BYTES ? sendWhole(upload) : sendPieces(upload))
  } finally {
    await handle.close()
  }
}

interface Upload {
  client: RegistryClient
  repository: string
  blob: Descriptor
  handle: FileHandle
  place: URL
}

async function sendWhole(upload: Upload): Promise<void> {
  const body = await upload.handle.readFile()
  if (body.length !== upload.blob.size || digestOf(body) !== upload.blob.digest)
    throw damaged(upload.blob.digest)
  await complete(upload, upload.place, body)
}

async function sendPieces(upload: Upload): Promise<void> {
  const hash = createHash('sha256')
  let place = upload.place
  let position = 0
  for (let piece = await read(upload, position); piece.length > 0; piece = await read(upload, position)) {
    hash.update(piece)
    place = await sendPiece(upload, place, position, piece)
    position += piece.length
  }
  const digest = `sha256:${hash.digest('hex')}`
  if (position !== upload.blob.size || digest !== upload.blob.digest) throw damaged(upload.blob.digest)
  await complete(upload, place, new Uint8Array())
}

async function read({ handle }: Upload, position: number): Promise<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES)
  const { bytesRead } = await handle.read(piece, 0, piece.length, position)
  return piece.subarray(0, bytesRead)
}

async function sendPiece(
  { client, repository }: Upload,
  place: URL,
  position: number,
  piece: Buffer,
): Promise<URL> {
  const response = await client.send({
    method: 'PATCH',
    url: place,
    repository,
    headers: {
      'content-type': 'application/octet-stream',
      'content-range': `${position}-${position + piece.length - 1}`,
    },
    body: piece,
    expect: [202, 404, 416],
    repeatable: false,
  })
  if (response.status !== 202) throw new TransientError(`the registry lost the upload (${response.status})`)
  return client.locate(response)
}

async function complete({ client, repository, blob }: Upload, place: URL, body: Uint8Array): Promise<void> {
  const url = new URL(place)
  url.searchParams.set('digest', blob.digest)
  const headers = { 'content-type': 'application/octet-stream' }
  await client.send({ method: 'PUT', url, repository, headers, body, expect: [201, 204], repeatable: false })
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
