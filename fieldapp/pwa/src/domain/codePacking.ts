/** How a paper travels in a code: its values without their names, deflated. The twin of `domain/code_packing.py`. */
import { base64url } from '../outbox/bytes.ts'
import { canonicalText } from './canonical.ts'

const KEPT_WHOLE = 'answers'

/** A paper as a list of its values in the order of their sorted names. */
export const packedText = (value: object): string => canonicalText(packed(value))

function packed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(packed)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => (name === KEPT_WHOLE ? (item as unknown) : packed(item)))
}

/** `text` deflated, in base64url; null where this browser cannot deflate. */
export async function deflated(text: string): Promise<string | null> {
  try {
    const stream = new Blob([new TextEncoder().encode(text)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
    return base64url(new Uint8Array(await new Response(stream).arrayBuffer()))
  } catch {
    return null
  }
}
