/** The count at the end of a day: written and signed like every fact of this phone. */
import { commit, seal } from '../outbox/envelopes'
import { uuid7 } from '../outbox/bytes'
import { fromBytes, toBytes } from '../outbox/storage'
import { countedCents, DENOMINATIONS } from '../domain/pieces.ts'
import { phone, storage } from './phone.svelte'
import { wrote } from './stages'

/** What was counted and typed so far. */
export interface TypedCount {
  readonly pieces: Readonly<Record<number, number | null>>
  readonly reason: string
}

/** Sealed like a day's cases, and no day: nothing else asks for it by this state. */
const TYPED = { key: 'typed:count', kind: 'day', state: 'typed', seq: 0 } as const

/** So that a reload or a lock in the middle of a count costs nothing. */
export const keepTyped = async (typed: TypedCount): Promise<void> => void (await storage.write({ put: [{ ...TYPED, bytes: toBytes(typed) }] }))

export async function typedCount(): Promise<TypedCount | null> {
  const record = await storage.get(TYPED.key)
  return record ? fromBytes<TypedCount>(record.bytes) : null
}

export const dropTyped = async (): Promise<void> => void (await storage.write({ remove: [TYPED.key] }))

export async function keepCount(pieces: Readonly<Record<number, number | null>>, { expectedCents, reason }: { expectedCents: number; reason: string }): Promise<void> {
  const nowMs = Date.now()
  const named = Object.fromEntries(DENOMINATIONS.flatMap((cents) => ((pieces[cents] ?? 0) > 0 ? [[String(cents), pieces[cents]]] : [])))
  await commit(storage, async (counters) => {
    const { counters: moved, record } = await seal(counters, {
      kind: 'purse_count', nowMs, offsetMs: phone.clock.offset_ms, restMs: 0, pictures: [],
      body: {
        count_id: uuid7(nowMs), counted_at: new Date(nowMs + phone.clock.offset_ms).toISOString(), pieces: named,
        counted_cents: countedCents(pieces), expected_cents: expectedCents, reason: reason.trim(),
      },
    })
    return { counters: moved, put: [record], remove: [TYPED.key], result: undefined }
  })
  await wrote()
}
