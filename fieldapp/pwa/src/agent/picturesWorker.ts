/// <reference lib="webworker" />
/** One photo, shrunk beside the page. */
import { drawOn, shrunk, type Canvas, type Shrunk } from './shrink'

declare const self: DedicatedWorkerGlobalScope

function canvasHere(width: number, height: number): Canvas {
  const canvas = new OffscreenCanvas(width, height)
  return {
    draw: (source) => drawOn(canvas.getContext('2d'), source, width, height),
    encoded: (quality) => canvas.convertToBlob({ type: 'image/jpeg', quality }),
    source: canvas,
  }
}

self.onmessage = ({ data }: MessageEvent<Blob>) => {
  const tell = (made: Shrunk | null): void => {
    self.postMessage(made, made ? [made.original.buffer, made.small.buffer] : [])
  }
  // Null where it did not go: the page tries itself, and knows better why.
  shrunk(data, canvasHere).then(tell, () => {
    tell(null)
  })
}
