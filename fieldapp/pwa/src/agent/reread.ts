/** What lies on the phone, read for the screens. */
import { COUNTERS, type Counters } from '../outbox/envelopes'
import { fromBytes, type StoredRecord } from '../outbox/storage'
import { Locked } from '../outbox/vault'
import { readItem, type OutboxItem } from './day'
import type { Draft } from './draft'
import { kept, opened, type KeptDraft } from './keptDraft'
import { knownStops, phone, storage } from './phone.svelte'
import type { DayBundle, StopCard } from './shapes'

export const reread = (): Promise<void> => whileOpen(readAgain)

/** What was begun when somebody locked the phone comes to nothing, and nobody misses it. */
export async function whileOpen(work: () => Promise<void>): Promise<void> {
  if (!storage.isOpen()) return
  await work().catch((problem: unknown) => {
    if (!(problem instanceof Locked)) throw problem
  })
}

async function readAgain(): Promise<void> {
  const [drafts, envelopes, counters, ...pictures] = await Promise.all([
    storage.ofKind('draft'),
    storage.ofKind('envelope'),
    storage.get(COUNTERS),
    ...(['small', 'original'] as const).flatMap((kind) => [storage.keysOf(kind, 'waiting'), storage.keysOf(kind, 'held')]),
  ])
  phone.drafts = unlessSame(phone.drafts, drafts.map(draftIn))
  phone.items = unlessSame(phone.items, envelopes.map((record) => once(itemsRead, record, readItem)))
  phone.counters = counters ? fromBytes<Counters>(counters.bytes) : null
  phone.picturesLeft = pictures.reduce((sum, keys) => sum + keys.length, 0)
  phone.picturesHere = new Set(pictures.flat())
  phone.tick = Date.now()
}

// What storage hands out again is read once: a tap costs the same at the end of a day as at its beginning.
const itemsRead = new WeakMap<StoredRecord, OutboxItem>()
const draftsRead = new WeakMap<StoredRecord, { readonly bundle: DayBundle | null; readonly earlier: readonly StopCard[]; readonly draft: Draft }>()

function once<T>(read: WeakMap<StoredRecord, T>, record: StoredRecord, reader: (record: StoredRecord) => T): T {
  const made = read.get(record) ?? reader(record)
  read.set(record, made)
  return made
}

function draftIn(record: StoredRecord): Draft {
  const { bundle, earlier } = phone
  const known = draftsRead.get(record)
  if (known?.bundle === bundle && known.earlier === earlier) return known.draft
  const draft = opened(fromBytes<KeptDraft>(record.bytes), knownStops())
  draftsRead.set(record, { bundle, earlier, draft })
  return draft
}

/** The list that screens have, where the newer one holds the very same things. */
const unlessSame = <T>(held: readonly T[], read: readonly T[]): readonly T[] =>
  held.length === read.length && held.every((one, at) => one === read[at]) ? held : read

/** A draft was saved as it stands in somebody's hand: nothing else has changed. */
export function tookDraft(draft: Draft): void {
  if (!storage.isOpen()) return
  const others = phone.drafts.filter((one) => one.stop.stop_id !== draft.stop.stop_id)
  phone.drafts = [...others, opened(kept(draft), knownStops())].sort((a, b) => a.stop.position - b.stop.position)
}
