/** A draft becomes a report: envelope and pictures are written and the draft is gone in one transaction, or none of it. */
import { seal, type StoredEnvelope } from '../outbox/envelopes'
import type { Row } from '../outbox/storage'
import type { Draft } from './draft'
import type { Drafts } from './drafts'

export interface Reporting {
  readonly body: unknown
  readonly nowMs: number
  readonly offsetMs: number
  readonly restMs: number
  /** Keys of the pictures that go with it. */
  readonly hashes: readonly string[]
  readonly pictures: () => Promise<readonly Row[]>
}

/** Refused: `visit.other_window`. */
export function report(drafts: Drafts, draft: Draft, { hashes, pictures, ...asked }: Reporting): Promise<StoredEnvelope> {
  return drafts.commit(draft, async (counters) => {
    const sealed = await seal(counters, { kind: 'visit', ...asked, pictures: hashes })
    return { counters: sealed.counters, draft: null, put: [sealed.record, ...(await pictures())], result: sealed.envelope }
  })
}
