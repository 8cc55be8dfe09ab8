/// <reference lib="webworker" />
/** Stretches one PIN beside the page. */
import type { Cost } from './storage'
import { stretch } from './stretch'

export interface Stretch {
  readonly pin: string
  readonly salt: Uint8Array<ArrayBuffer>
  readonly cost: Cost
}

declare const self: DedicatedWorkerGlobalScope

self.onmessage = ({ data: { pin, salt, cost } }: MessageEvent<Stretch>) => {
  const tell = (made: Uint8Array | null): void => {
    self.postMessage(made)
  }
  // Null where this worker cannot: the page tries itself.
  stretch(pin, salt, cost).then(tell, () => {
    tell(null)
  })
}
