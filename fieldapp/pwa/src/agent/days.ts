/**
 * The days that this phone holds: today's, the next one once it is published, and an earlier one while something
 * written on it has no verdict yet. Which is which, and what may go, is decided here without asking anything.
 */
import { fromBytes, toBytes, type Storage, type StoredRecord } from '../outbox/storage'
import type { OutboxItem } from './day'
import { nameInPublic, streetOf } from './naming'
import type { DayBundle } from './shapes'

export interface HeldDay {
  readonly bundle: DayBundle
  readonly fetched_ms: number
  /** In the phone's own order of events: when it was asked for. Missing on days that an earlier app kept. */
  readonly asked_no?: number
}

/** The next day as it is shown: where, when and to whom, and nothing of what for. */
export interface NextDay {
  readonly day: string
  readonly version: number
  readonly rows: readonly { readonly id: string; readonly at: string; readonly where: string; readonly who: string }[]
}

export const rowsOf = (bundle: DayBundle): NextDay => ({
  day: bundle.day, version: bundle.version,
  rows: bundle.stops.filter((stop) => !stop.reserve).map((stop) => ({
    id: stop.stop_id, at: stop.arrive_at, where: `${streetOf(stop.address)}, ${stop.address.comune}`, who: nameInPublic(stop),
  })),
})

const KEPT = 'kept'
const PREFIX = 'day:'

export const dayKey = (day: string): string => `${PREFIX}${day}`

export const dayRecord = (held: HeldDay): StoredRecord => ({
  key: dayKey(held.bundle.day), kind: 'day', state: KEPT, seq: Number(held.bundle.day.replaceAll('-', '')), bytes: toBytes(held),
})

/** The days on the phone, as their keys say, the earliest first. */
export const daysOn = async (storage: Storage): Promise<string[]> =>
  (await storage.keysOf('day', KEPT)).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)).sort()

export async function heldDay(storage: Storage, day: string): Promise<HeldDay | null> {
  const record = await storage.get(dayKey(day))
  return record ? fromBytes<HeldDay>(record.bytes) : null
}

const NEXT_STANDS_MS = 3_600_000

/**
 * Whether the next day is asked for: it is another one than this phone `kept`, or that was read an hour ago. Meanwhile a
 * case may have been paid, a note of a door written, and at the door there may be no network to hear of it.
 */
export const asksNext = (kept: HeldDay | null, version: number, now_ms: number): boolean =>
  kept?.bundle.version !== version || Math.abs(now_ms - kept.fetched_ms) >= NEXT_STANDS_MS

/** The day to work on: today's, else the last one before it, which the screen calls stale. Tomorrow's waits. */
export const workingDay = (days: readonly string[], today: string): string | null =>
  days.findLast((day) => day <= today) ?? null

/**
 * Days that may leave the phone: earlier ones of which everything written has its verdict, and later ones that are
 * not the next any more.
 */
export function outdated(
  days: readonly string[],
  { today, next, items, drafts }: {
    today: string
    next: string | null
    items: readonly Pick<OutboxItem, 'state' | 'body'>[]
    drafts: readonly { readonly planned_day: string }[]
  },
): string[] {
  const owing = new Set([
    ...items.filter((item) => item.state !== 'accepted').map((item) => item.body.planned_day),
    ...drafts.map((draft) => draft.planned_day),
  ])
  return days.filter((day) => (day < today ? !owing.has(day) : day > today && day !== next))
}
