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

export interface Expected {
  readonly key: string
  readonly bytes: Uint8Array | null
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
    const record = await this.#storage.get(draftKey(stopId))
    return record ? opened(fromBytes<KeptDraft>(record.bytes), this.#stops()) : null
  }

  /** `after` in the place of `before`, as it lies now. Refused: `visit.other_window`. */
  async write(before: Draft, after: Draft, { put = [], remove = [] }: Beside = {}): Promise<Draft> {
    const next = counted(before, after)
    for (;;) {
      const expect = [await this.expected(before)]
      if ((await this.#storage.write({ expect, put: [draftRecord(next), ...put], remove })) === 'written') return next
    }
  }

  /** The same with what comes from the counters (a number, an envelope): all of it or nothing. Refused: `visit.other_window`. */
  commit<T>(before: Draft, build: (counters: Counters, written: (after: Draft) => Draft) => Promise<Made<T>>): Promise<T> {
    const key = draftKey(before.stop.stop_id)
    return commit(this.#storage, async (counters) => {
      const expect = [await this.expected(before)]
      const { draft, put = [], remove = [], ...made } = await build(counters, (after) => counted(before, after))
      return { ...made, expect, put: draft ? [draftRecord(draft), ...put] : put, remove: draft ? remove : [key, ...remove] }
    })
  }

  /** Forget `before`. Refused: `visit.other_window`. */
  async remove(before: Draft, { put = [], remove = [] }: Beside = {}): Promise<void> {
    for (;;) {
      const expect = [await this.expected(before)]
      if ((await this.#storage.write({ expect, put, remove: [draftKey(before.stop.stop_id), ...remove] })) === 'written') return
    }
  }

  /** What a transaction must find of this draft. Refused: `visit.other_window`. */
  async expected(before: Draft): Promise<Expected> {
    const key = draftKey(before.stop.stop_id)
    const record = await this.#storage.get(key)
    const lying = record ? fromBytes<KeptDraft>(record.bytes) : null
    const as = lying ? lying.visit_id === before.visit_id && writtenOf(lying) === before.written : !before.written
    if (!as) throw new Refused(OTHER_WINDOW)
    return { key, bytes: record?.bytes ?? null }
  }
}

/** As it lies on the phone. */
export const draftRecord = (draft: Draft): StoredRecord => ({
  key: draftKey(draft.stop.stop_id), kind: 'draft', state: isBound(draft) || draft.payments.length > 0 ? BOUND : 'open', seq: draft.stop.position, bytes: toBytes(kept(draft)),
})

/** The draft as it will lie there once it is written over `before`. */
export const counted = (before: Draft, after: Draft): Draft => ({ ...after, written: (before.written ?? 0) + 1 })
