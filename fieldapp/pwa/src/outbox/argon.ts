/**
 * Argon2id beside the page, loaded when a PIN is about to be typed: it is no part of the first screen, and the pad goes on
 * being painted while it works.
 */
import type { Stretch } from './argonWorker'
import type { Cost } from './storage'

let waiting: Worker | null = null

/** Everything but the PIN, while it is typed. */
export function warm(): void {
  if ('Worker' in globalThis) waiting ??= new Worker(new URL('./argonWorker.ts', import.meta.url), { type: 'module' })
}

/** 32 bytes that cost whoever guesses as much as they cost us. */
export async function stretch(pin: string, salt: Uint8Array<ArrayBuffer>, cost: Cost): Promise<Uint8Array> {
  const began = performance.now()
  const made = (await aside({ pin, salt, cost })) ?? (await (await import('./stretch')).stretch(pin, salt, cost))
  performance.measure('argon2id', { start: began, end: performance.now() })
  return made
}

/** Null where no worker can be had. Its 64 MiB go with it, and whatever of the PIN lay in them. */
async function aside(asked: Stretch): Promise<Uint8Array | null> {
  warm()
  const worker = waiting
  waiting = null
  if (!worker) return null
  try {
    return await new Promise<Uint8Array | null>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => {
        resolve(data)
      }
      worker.onerror = () => {
        resolve(null)
      }
      worker.postMessage(asked)
    })
  } finally {
    worker.terminate()
  }
}
