/** The count at the end of a day: written and signed like every fact of this phone. */
import { commit, seal } from '../outbox/envelopes'
import { uuid7 } from '../outbox/bytes'
import { countedCents, DENOMINATIONS } from '../domain/pieces.ts'
import { phone, storage } from './phone.svelte'
import { wrote } from './stages'

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
    return { counters: moved, put: [record], result: undefined }
  })
  await wrote()
}
