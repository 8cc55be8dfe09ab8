/**
 * Drafts as they lie on the phone, and the one way to write one: only where it still lies there as the hand that writes
 * it has it. Looking and writing are one transaction, so that of two windows that write the same visit in the same moment
 * one is told so, and no number is given for a payment that the draft forgets.
 *
 * Each write counts one up in the draft (`written`); a draft that was never written expects that none lies there.
 */
import { Refused } from '../domain/reading.ts'
import { commit, type Counters } from '../outbox/envelopes'
import { BOUND, fromBytes, toBytes, type Row, type Storage, type StoredRecord } from '../outbox/storage'
import { draftKey, isBound, type Draft } from './draft'
import { kept, opened, writtenOf, type KeptDraft } from './keptDraft'
import type { StopCard } from './shapes'

/** The visit was written, closed or begun elsewhere since it was read here. */
export const OTHER_WINDOW = 'visit.other_window'

export interface Placed {
  readonly expect: readonly { readonly key: string; readonly bytes: Uint8Array | null }[]
  readonly put: readonly Row[]
  readonly remove: readonly string[]
}

/** What is written together with a draft, in one transaction. */
export interface Beside {
  readonly put?: readonly Row[]
  readonly remove?: readonly string[]
}

/** What a step of work makes of the counters and the draft; a draft that is null is gone from the phone. */
export interface Made<T> extends Beside {
  readonly counters: Counters
  readonly draft: Draft | null
  readonly result: T
}

export class Drafts {
  readonly #storage: Storage
  readonly #stops: () => readonly StopCard[]

  /** `stops`: every stop that a draft may belong to. */
  constructor(storage: Storage, stops: () => readonly StopCard[]) {
    this.#storage = storage
    this.#stops = stops
  }

  async load(stopId: string): Promise<Draft | null> {
    const record = await this.#lying(stopId)
    return record ? opened(fromBytes<KeptDraft>(record.bytes), this.#stops()) : null
  }

  /** `after` in the place of `before`, as it lies now. Refused: `visit.other_window`. */
  async write(before: Draft, after: Draft, beside: Beside = {}): Promise<Draft> {
    const next = counted(before, after)
    for (;;) if ((await this.#storage.write(both(await this.placed(before, next), beside))) === 'written') return next
  }

  /** The same with what comes from the counters (a number, an envelope): all of it or nothing. Refused: `visit.other_window`. */
  commit<T>(before: Draft, build: (counters: Counters, written: (after: Draft) => Draft) => Promise<Made<T>>): Promise<T> {
    return commit(this.#storage, async (counters) => {
      // Refused before anything is signed, and looked at again once it is.
      await this.placed(before, null)
      const { draft, put = [], remove = [], ...made } = await build(counters, (after) => counted(before, after))
      return { ...made, ...both(await this.placed(before, draft), { put, remove }) }
    })
  }

  /** Forget `before`. Refused: `visit.other_window`. */
  async remove(before: Draft, beside: Beside = {}): Promise<void> {
    for (;;) if ((await this.#storage.write(both(await this.placed(before, null), beside))) === 'written') return
  }

  /**
   * What a transaction must find and leave so that `after` (null: nothing) takes the place of `before`. Refused:
   * `visit.other_window`. Where none lies, which visit was begun last at this stop must still be so when it is written:
   * two windows cannot both begin one. A draft that outlived a wipe lies under its own visit, out of the way.
   */
  async placed(before: Draft, after: Draft | null): Promise<Placed> {
    const begun = `begun:${before.stop.stop_id}`
    // Read first: a visit that is begun elsewhere from now on changes it.
    const last = await this.#storage.get(begun)
    const record = await this.#lying(before.stop.stop_id)
    const lying = record ? fromBytes<KeptDraft>(record.bytes) : null
    const as = lying ? lying.visit_id === before.visit_id && writtenOf(lying) === before.written : !before.written
    if (!as) throw new Refused(OTHER_WINDOW)
    const put = after ? [draftRecord(after)] : []
    if (record) {
      const expect = [{ key: record.key, bytes: record.bytes }]
      const moved = after && draftKey(after) === record.key ? [] : [record.key]
      return { expect, put, remove: after ? moved : [...moved, begun] }
    }
    if (!after) return { expect: [], put, remove: [] }
    const expect = [{ key: begun, bytes: last?.bytes ?? null }]
    return { expect, put: [...put, { key: begun, kind: 'setting', state: 'kept', seq: 0, bytes: toBytes(after.visit_id) }], remove: [] }
  }

  async #lying(stopId: string): Promise<StoredRecord | null> {
    const lying = await this.#storage.ofKind('draft')
    return lying.find((record) => fromBytes<KeptDraft>(record.bytes).stop.stop_id === stopId) ?? null
  }
}

const both = ({ expect, put, remove }: Placed, beside: Beside): Placed => ({
  expect, put: [...put, ...(beside.put ?? [])], remove: [...remove, ...(beside.remove ?? [])],
})

/** As it lies on the phone. */
export const draftRecord = (draft: Draft): StoredRecord => ({
  key: draftKey(draft), kind: 'draft', state: isBound(draft) || draft.payments.length > 0 ? BOUND : 'open', seq: draft.stop.position, bytes: toBytes(kept(draft)),
})

/** The draft as it will lie there once it is written over `before`. */
export const counted = (before: Draft, after: Draft): Draft => ({ ...after, written: (before.written ?? 0) + 1 })
