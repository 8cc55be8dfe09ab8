/**
 * Writing what happened: numbers, chain and sequence are taken under one Web Lock, everything is built, digested and
 * signed, then one database transaction compares and writes. If another tab was faster, it starts again.
 */
import { canonicalText } from '../domain/canonical.ts'
import { sha256Hex, uuid7 } from './bytes'
import { rests } from './machine'
import { fromBytes, toBytes, type Row, type Storage, type StoredRecord } from './storage'

export type EnvelopeKind =
  | 'check_in' | 'contact' | 'visit' | 'paper_request' | 'day_order' | 'day_closed' | 'purse_count' | 'address_pin' | 'danger' | 'danger_position'
  | 'message_read' | 'visit_answer' | 'visit_correction'

/** Sent before everything else. */
export const URGENT: ReadonlySet<EnvelopeKind> = new Set(['danger', 'danger_position'])

/** Consecutive numbers granted to this device; `next` is the first that was free when the block was read. */
export interface Block {
  readonly first: number
  readonly last: number
  readonly next: number
}

export interface Series {
  readonly series: string
  readonly blocks: readonly Block[]
  /** The highest number this phone has used; 0 for none. */
  readonly used: number
}

/** What only one writer at a time may move. */
export interface Counters {
  readonly device: string
  readonly next_seq: number
  readonly chain_head: string
  readonly receipt: Series | null
  readonly notice: Series | null
}

export interface GrantedBlock {
  readonly kind: 'receipt' | 'notice'
  readonly series: string
  readonly first: number
  readonly last: number
  readonly next: number
}

export interface StoredEnvelope {
  readonly id: string
  readonly seq: number
  readonly kind: EnvelopeKind
  readonly digest: string
  readonly text: string
  /** The phone's own clock. */
  readonly written_ms: number
  /** Until then it can be taken back; 0 when it cannot, or no longer. */
  readonly not_before_ms: number
  readonly pictures: readonly string[]
  readonly verdict: { readonly code: string | null; readonly details: Readonly<Record<string, unknown>>; readonly flags: readonly string[] } | null
  readonly settled_ms: number | null
  /** In the phone's own order of events: when the verdict was written; missing where an earlier app wrote it. */
  readonly settled_no?: number
}

export const COUNTERS = 'counters'
const WRITING = 'fieldapp-writing'

/** What one step of work puts beside the counters. */
export interface Built<T> {
  readonly counters: Counters
  readonly put?: readonly Row[]
  readonly remove?: readonly string[]
  /** Further records that must still be as they were read. */
  readonly expect?: readonly { readonly key: string; readonly bytes: Uint8Array | null }[]
  readonly result: T
}

export class NotEnrolled extends Error {}

/** Build on the counters as they stand and write everything at once; starts again when they moved meanwhile. */
export async function commit<T>(storage: Storage, build: (counters: Counters) => Promise<Built<T>>): Promise<T> {
  return underLock(WRITING, async () => {
    for (;;) {
      const held = await storage.get(COUNTERS)
      if (!held) throw new NotEnrolled()
      const built = await build(fromBytes<Counters>(held.bytes))
      const outcome = await storage.write({
        expect: [{ key: COUNTERS, bytes: held.bytes }, ...(built.expect ?? [])],
        put: [countersRecord(built.counters), ...(built.put ?? [])],
        remove: built.remove ?? [],
      })
      if (outcome === 'written') return built.result
    }
  })
}

/** The next place in the phone's own order of events: what was settled before which day was asked for, whatever the clock says. */
export const inOrderOfEvents = (storage: Storage): Promise<number> => storage.raise('events')

/** Web Locks hold between tabs; where a browser has none, the compare in the transaction still does. */
export async function underLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (navigator as { locks?: LockManager }).locks
  return locks ? await locks.request(name, work) : await work()
}

export const countersRecord = (counters: Counters): StoredRecord => ({
  key: COUNTERS, kind: 'counters', state: 'kept', seq: 0, bytes: toBytes(counters),
})

/** The counters a newly enrolled device starts with. */
export function firstCounters(enrolment: {
  device_id: string
  next_seq: number
  chain_head: string
  blocks: readonly GrantedBlock[]
}): Counters {
  const bare: Counters = {
    device: enrolment.device_id, next_seq: enrolment.next_seq, chain_head: enrolment.chain_head, receipt: null, notice: null,
  }
  return withBlocks(bare, enrolment.blocks)
}

/** Newly granted blocks join; what this phone has used stays used. */
export function withBlocks(counters: Counters, blocks: readonly GrantedBlock[]): Counters {
  const merged = (kind: 'receipt' | 'notice', held: Series | null): Series | null => {
    const granted = blocks.filter((block) => block.kind === kind)
    const series = granted[0]?.series ?? held?.series
    if (series === undefined) return null
    const own = held?.series === series ? held : null
    const known = new Map((own?.blocks ?? []).map((block) => [block.first, block]))
    for (const { first, last, next } of granted) {
      const before = known.get(first)
      known.set(first, { first, last, next: Math.max(next, before?.next ?? first) })
    }
    return { series, blocks: [...known.values()].sort((a, b) => a.first - b.first), used: own?.used ?? 0 }
  }
  return { ...counters, receipt: merged('receipt', counters.receipt), notice: merged('notice', counters.notice) }
}

/** The next number of a series, or null when the granted numbers are used up. */
export function nextNumber(series: Series): number | null {
  for (const block of series.blocks) {
    const number = Math.max(block.first, block.next, series.used + 1)
    if (number <= block.last) return number
  }
  return null
}

export const numbersLeft = (series: Series | null): number =>
  (series?.blocks ?? []).reduce(
    (sum, block) => sum + Math.max(0, block.last - Math.max(block.first, block.next, (series?.used ?? 0) + 1) + 1),
    0,
  )

/** One envelope at the head of the device's sequence, in its final bytes. */
export async function seal(
  counters: Counters,
  { kind, body, nowMs, offsetMs, restMs, pictures }: {
    kind: EnvelopeKind
    body: unknown
    nowMs: number
    offsetMs: number
    restMs: number
    pictures: readonly string[]
  },
): Promise<{ counters: Counters; envelope: StoredEnvelope; record: StoredRecord }> {
  const id = uuid7(nowMs + offsetMs)
  const seq = counters.next_seq
  const text = canonicalText({
    v: 1,
    id,
    device: counters.device,
    seq,
    kind,
    recorded_at: new Date(nowMs + offsetMs).toISOString(),
    clock_offset_ms: offsetMs,
    body,
  })
  const envelope: StoredEnvelope = {
    id, seq, kind, digest: await sha256Hex(text), text, written_ms: nowMs, not_before_ms: restMs > 0 ? nowMs + restMs : 0,
    pictures, verdict: null, settled_ms: null,
  }
  return { counters: { ...counters, next_seq: seq + 1 }, envelope, record: envelopeRecord(envelope, 'waiting') }
}

export const envelopeRecord = (envelope: StoredEnvelope, state: string): StoredRecord => ({
  key: envelope.id, kind: 'envelope', state, seq: envelope.seq, bytes: toBytes(envelope),
})

export const readEnvelope = (record: StoredRecord): StoredEnvelope => fromBytes<StoredEnvelope>(record.bytes)

/** What an envelope reports; this app wrote it, so its shape is known. */
export const bodyOf = <T>(envelope: StoredEnvelope): T => (JSON.parse(envelope.text) as { body: T }).body

/**
 * Take back an envelope that nobody has seen: only the last one written, and only while it still rests.
 * Its sequence number is free again, so the device's order has no gap.
 */
export async function takeBack(
  storage: Storage,
  id: string,
  { nowMs, put = [], remove = [], also = () => Promise.resolve({}) }: {
    nowMs: number
    put?: readonly Row[]
    remove?: readonly string[]
    /** Read anew at each try: what else must still be so, and what comes of it; or a refusal. */
    also?: () => Promise<Pick<Built<never>, 'expect' | 'put' | 'remove'>>
  },
): Promise<boolean> {
  return underLock(SENDING_NOW, () =>
    commit(storage, async (counters) => {
      const record = await storage.get(id)
      const envelope = record && readEnvelope(record)
      const free =
        envelope !== undefined && record?.state === 'waiting' && envelope.seq === counters.next_seq - 1 &&
        rests(envelope.not_before_ms, nowMs)
      if (!free) return { counters, result: false }
      const more = await also()
      return {
        counters: { ...counters, next_seq: envelope.seq },
        expect: [{ key: id, bytes: record?.bytes ?? null }, ...(more.expect ?? [])],
        put: [...put, ...(more.put ?? [])],
        remove: [id, ...remove, ...(more.remove ?? [])],
        result: true,
      }
    }),
  )
}

/** The state of an envelope that has gone out sealed while it still waited for its verdict: it is not taken back. */
export const LEAVING = 'leaving'

/** Held while the set of envelopes about to leave is chosen, so that none is taken back in that moment. */
export const SENDING_NOW = 'fieldapp-sending-now'
