/**
 * Documents of the credit, on the phone before anybody asks for them: those of the day first, then of the next day,
 * within bounds, so that a phone with little room keeps its reports. What does not fit is opened from the service.
 */
import type { Storage, StoredRecord } from '../outbox/storage'
import type { Wire } from '../outbox/wire'
import { sha256Hex } from '../outbox/bytes'
import type { DayBundle, DocumentCard } from './shapes'

/** Beside the days, so that they are kept, sealed and wiped with them. */
const KIND = 'day'
const STATE = 'document'
export const LARGEST_BYTES = 3_000_000
export const ALL_BYTES = 20_000_000

export const documentKey = (document: Pick<DocumentCard, 'id'>): string => `document:${document.id}`

/** What may be kept of these days, each document once, none beyond the bounds. */
export function wanted(bundles: readonly DayBundle[]): DocumentCard[] {
  const found = new Map<string, DocumentCard>()
  let bytes = 0
  for (const document of bundles.flatMap((bundle) => bundle.stops).flatMap((stop) => stop.practice.documents)) {
    if (found.has(document.id) || document.size_bytes > LARGEST_BYTES || bytes + document.size_bytes > ALL_BYTES) continue
    bytes += document.size_bytes
    found.set(document.id, document)
  }
  return [...found.values()]
}

/** Fetches what is missing, one after the other, and lets go of what no day names; a network that fails ends it. */
export async function keepDocuments(storage: Storage, wire: Pick<Wire, 'bytes'>, bundles: readonly DayBundle[]): Promise<void> {
  const documents = wanted(bundles)
  const held = new Set(await storage.keysOf(KIND, STATE))
  const keys = new Set(documents.map(documentKey))
  await storage.write({ remove: [...held].filter((key) => !keys.has(key)) })
  for (const document of documents) {
    if (held.has(documentKey(document))) continue
    const reply = await wire.bytes(`/api/v1/field/documents/${document.id}`)
    if (reply.kind === 'failed') {
      // One that is not ours to read any more is passed over; anything else is the network.
      if (reply.code !== null) continue
      return
    }
    // A portal's page with status 200 is not the document.
    if ((await sha256Hex(reply.value)) !== document.sha256) return
    await storage.write({ put: [record(document, reply.value)] })
  }
}

const record = (document: DocumentCard, bytes: Uint8Array<ArrayBuffer>): StoredRecord => ({
  key: documentKey(document), kind: KIND, state: STATE, seq: 0, bytes,
})

/** The document as it lies on the phone; null when it does not. */
export async function keptDocument(storage: Storage, document: DocumentCard): Promise<Uint8Array<ArrayBuffer> | null> {
  return (await storage.get(documentKey(document)))?.bytes ?? null
}
