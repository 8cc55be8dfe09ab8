/**
 * Pictures made fit to travel: at most 1600 px as the original, about 40 kB as the small one. Drawing anew drops
 * what a camera writes into a file (place, time, model).
 */
import { sha256Hex } from '../outbox/bytes'
import type { Purpose } from '../domain/visit.ts'
import type { StoredRecord } from '../outbox/storage'

const LARGEST_PX = 1600
const SMALL_PX = 480
const SMALL_BYTES = 40_000

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
  const bitmap = await decoded(file)
  try {
    const original = unique(await drawn(bitmap, LARGEST_PX, 0.82))
    let small = unique(await drawn(bitmap, SMALL_PX, 0.7))
    for (const quality of [0.5, 0.35]) {
      if (small.length <= SMALL_BYTES) break
      small = unique(await drawn(bitmap, SMALL_PX, quality))
    }
    const picture: TakenPicture = {
      sha256: await sha256Hex(original), small_sha256: await sha256Hex(small), purpose,
      media_type: 'image/jpeg', size: original.length,
    }
    return { picture, records: recordsOf(picture, original, small) }
  } finally {
    bitmap.close()
  }
}

/**
 * The JPEG with a comment that no other has: the same photo in two reports is two pictures, of which one may leave the
 * phone or be dropped without the other.
 */
export function unique(jpeg: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const comment = [0xff, 0xfe, 0x00, 0x12, ...crypto.getRandomValues(new Uint8Array(16))]
  const marked = new Uint8Array(jpeg.length + comment.length)
  marked.set(jpeg.subarray(0, 2))
  marked.set(comment, 2)
  marked.set(jpeg.subarray(2), 2 + comment.length)
  return marked
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

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    throw new UnreadablePicture()
  }
}

async function drawn(bitmap: ImageBitmap, largestPx: number, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  const scale = Math.min(1, largestPx / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const context = canvas.getContext('2d')
  if (!context) throw new UnreadablePicture()
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  return encoded(canvas, 'image/jpeg', quality)
}

async function encoded(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, type, quality)
  })
  if (!blob) throw new UnreadablePicture()
  return new Uint8Array(await blob.arrayBuffer())
}
