/**
 * Photos made fit to travel: at most 1600 px as the original, about 40 kB as the small one. Drawing anew drops what a
 * camera writes into a file (place, time, model). Runs in a worker or in the page; who calls it hands in the canvas.
 */
const LARGEST_PX = 1600
const SMALL_PX = 480
const SMALL_BYTES = 40_000

export interface Shrunk {
  readonly original: Uint8Array<ArrayBuffer>
  readonly small: Uint8Array<ArrayBuffer>
}

export interface Canvas {
  readonly draw: (source: CanvasImageSource) => boolean
  readonly encoded: (quality: number) => Promise<Blob | null>
  readonly source: CanvasImageSource
}

export type MakeCanvas = (width: number, height: number) => Canvas

/** Null where this browser cannot read the file. The small one is drawn from the larger one: the camera's is huge. */
export async function shrunk(file: Blob, make: MakeCanvas): Promise<Shrunk | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => null)
  if (!bitmap) return null
  try {
    const at = (largestPx: number): Canvas => {
      const scale = Math.min(1, largestPx / Math.max(bitmap.width, bitmap.height))
      return make(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)))
    }
    const [large, little] = [at(LARGEST_PX), at(SMALL_PX)]
    if (!large.draw(bitmap) || !little.draw(large.source)) return null
    const original = await bytesOf(large, 0.82)
    let small = await bytesOf(little, 0.7)
    for (const quality of [0.5, 0.35]) {
      if (!small || small.length <= SMALL_BYTES) break
      small = await bytesOf(little, quality)
    }
    return original && small ? { original, small } : null
  } finally {
    bitmap.close()
  }
}

export function drawOn(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null, source: CanvasImageSource, width: number, height: number,
): boolean {
  if (!context) return false
  context.imageSmoothingQuality = 'high'
  context.drawImage(source, 0, 0, width, height)
  return true
}

async function bytesOf(canvas: Canvas, quality: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const blob = await canvas.encoded(quality)
  return blob && unique(new Uint8Array(await blob.arrayBuffer()))
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
