/** Pictures as a visit keeps them: photos made fit to travel (`shrink.ts`), and drawings of ours. */
import { sha256Hex } from '../outbox/bytes'
import type { Purpose } from '../domain/visit.ts'
import type { StoredRecord } from '../outbox/storage'
import { drawOn, shrunk, type Canvas, type Shrunk } from './shrink'

export interface TakenPicture {
  readonly sha256: string
  readonly small_sha256: string | null
  readonly purpose: Purpose
  readonly media_type: string
  readonly size: number
}

export interface Prepared {
  readonly picture: TakenPicture
  readonly records: readonly StoredRecord[]
}

export class UnreadablePicture extends Error {}

/** A photo as the camera gave it, made ready; throws `UnreadablePicture` when this browser cannot draw it. */
export async function prepare(file: Blob, purpose: Purpose): Promise<Prepared> {
  const made = await shrunkAside(file)
  if (!made) throw new UnreadablePicture()
  const picture: TakenPicture = {
    sha256: await sha256Hex(made.original), small_sha256: await sha256Hex(made.small), purpose,
    media_type: 'image/jpeg', size: made.original.length,
  }
  return { picture, records: recordsOf(picture, made.original, made.small) }
}

/** In a worker, so that the next tap does not wait for a photo; in the page where a browser's worker cannot draw. */
async function shrunkAside(file: Blob): Promise<Shrunk | null> {
  if (!('Worker' in globalThis) || !('OffscreenCanvas' in globalThis)) return shrunk(file, pageCanvas)
  const worker = new Worker(new URL('./picturesWorker.ts', import.meta.url), { type: 'module' })
  const said = await new Promise<Shrunk | null | undefined>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Shrunk | null>) => {
      resolve(data)
    }
    worker.onerror = () => {
      resolve(undefined)
    }
    worker.postMessage(file)
  })
  worker.terminate()
  return said ?? shrunk(file, pageCanvas)
}

function pageCanvas(width: number, height: number): Canvas {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return {
    draw: (source) => drawOn(canvas.getContext('2d'), source, width, height),
    encoded: (quality) => new Promise((resolve) => {
      canvas.toBlob(resolve, 'image/jpeg', quality)
    }),
    source: canvas,
  }
}

/** A drawing of ours (a signature): already small, kept as it is. */
export async function prepareDrawing(canvas: HTMLCanvasElement, purpose: Purpose): Promise<Prepared> {
  const bytes = await encoded(canvas, 'image/png', 1)
  const picture: TakenPicture = {
    sha256: await sha256Hex(bytes), small_sha256: null, purpose, media_type: 'image/png', size: bytes.length,
  }
  return { picture, records: [{ key: picture.sha256, kind: 'original', state: 'draft', seq: 0, bytes }] }
}

function recordsOf(picture: TakenPicture, original: Uint8Array<ArrayBuffer>, small: Uint8Array<ArrayBuffer>): StoredRecord[] {
  const records: StoredRecord[] = [{ key: picture.sha256, kind: 'original', state: 'draft', seq: 0, bytes: original }]
  if (picture.small_sha256) records.push({ key: picture.small_sha256, kind: 'small', state: 'draft', seq: 0, bytes: small })
  return records
}

async function encoded(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, type, quality)
  })
  if (!blob) throw new UnreadablePicture()
  return new Uint8Array(await blob.arrayBuffer())
}
