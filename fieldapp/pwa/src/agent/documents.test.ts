import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { sha256Hex } from '../outbox/bytes'
import { openStorage } from '../outbox/storage'
import type { Reply } from '../outbox/wire'
import { ALL_BYTES, keepDocuments, keptDocument, LARGEST_BYTES, wanted } from './documents'
import { aBundle } from './testing'
import type { DayBundle, DocumentCard } from './shapes'

const contract = new TextEncoder().encode('il contratto')
const card = async (id: string, more: Partial<DocumentCard> = {}): Promise<DocumentCard> => ({
  id, name: 'Contratto', kind: 'contract', media_type: 'application/pdf', size_bytes: contract.length, sha256: await sha256Hex(contract), ...more,
})
function dayWith(...documents: DocumentCard[]): DayBundle {
  const bundle = aBundle(['a'])
  return { ...bundle, stops: bundle.stops.map((stop) => ({ ...stop, practice: { ...stop.practice, documents } })) }
}
function answering(reply: Reply<Uint8Array<ArrayBuffer>>) {
  const asked: string[] = []
  return { asked, bytes: (path: string) => { asked.push(path); return Promise.resolve(reply) } }
}

it('keeps the documents of the day, asks for each once, and lets go of what no day names', async () => {
  const storage = openStorage('documents')
  const [one, two] = [await card('one'), await card('two')]
  const wire = answering({ kind: 'ok', value: contract })

  await keepDocuments(storage, wire, [dayWith(one, two)])
  await keepDocuments(storage, wire, [dayWith(two)])

  expect(wire.asked).toHaveLength(2)
  expect(await keptDocument(storage, one)).toBeNull()
  expect(await keptDocument(storage, two)).toEqual(contract)
})

it('keeps no page of a hotel in a document’s place', async () => {
  const storage = openStorage('portal')
  const one = await card('one')

  await keepDocuments(storage, answering({ kind: 'ok', value: new TextEncoder().encode('<html>Wi-Fi') }), [dayWith(one)])

  expect(await keptDocument(storage, one)).toBeNull()
})

it('stops asking when the network fails', async () => {
  const wire = answering({ kind: 'failed', trouble: 'unreachable', code: null, details: {}, retryAfterMs: null })

  await keepDocuments(openStorage('broken'), wire, [dayWith(await card('one'), await card('two'))])

  expect(wire.asked).toHaveLength(1)
})

it('stays within its bounds', async () => {
  const large = await card('large', { size_bytes: LARGEST_BYTES + 1 })
  const many = await Promise.all(Array.from({ length: 30 }, (_, at) => card(String(at), { size_bytes: 1_000_000 })))

  const kept = wanted([dayWith(large, ...many)])

  expect(kept.map((document) => document.id)).not.toContain('large')
  expect(kept.reduce((sum, document) => sum + document.size_bytes, 0)).toBeLessThanOrEqual(ALL_BYTES)
})
