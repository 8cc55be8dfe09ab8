/** A day asked for by what the phone holds of it: only what changed comes, and is laid over that. */
import type { Reply, Wire } from '../outbox/wire'
import type { DayBundle, DayChanges, PracticeCard, StopCard, StopPart } from './shapes'

/** The whole day at `path`, made of what is held where the service sends changes only. */
export async function askDay(wire: Pick<Wire, 'signed'>, path: string, held: DayBundle | null): Promise<Reply<DayBundle>> {
  const headers: Record<string, string> = held?.cursor ? { 'x-day-cursor': held.cursor } : {}
  const reply = await wire.signed<DayBundle | DayChanges>({ method: 'GET', path, headers })
  if (reply.kind === 'failed') return reply
  if (!isChanges(reply.value)) return { kind: 'ok', value: reply.value }
  const whole = held && laidOver(held, reply.value)
  // What does not fit together is asked for anew, whole.
  return whole ? { kind: 'ok', value: whole } : wire.signed<DayBundle>({ method: 'GET', path })
}

const isChanges = (answer: DayBundle | DayChanges): answer is DayChanges => 'changed_stops' in answer

/** The day that comes of `changes` to `held`; null where they are of another day or miss a part. Nothing is altered. */
export function laidOver(held: DayBundle, changes: DayChanges): DayBundle | null {
  if (held.day !== changes.day) return null
  const practices = new Map([...held.stops.map(({ practice }) => practice), ...changes.changed_practices].map((card) => [card.id, card]))
  const known = new Map(held.stops.map((stop) => [stop.stop_id, stop]))
  const fresh = new Map(changes.changed_stops.map((part) => [part.stop_id, part]))
  const stops: StopCard[] = []
  for (const id of changes.order ?? held.stops.map((stop) => stop.stop_id)) {
    const stop = stopOf(fresh.get(id) ?? null, known.get(id) ?? null, practices)
    if (stop === null) return null
    stops.push(stop)
  }
  const { protocol, clock, cursor } = changes
  return { ...held, ...(changes.fields as Partial<DayBundle>), protocol, clock, cursor, stops }
}

function stopOf(part: StopPart | null, before: StopCard | null, practices: ReadonlyMap<string, PracticeCard>): StopCard | null {
  const { practice_id, ...times } = part ?? { ...before, practice_id: before?.practice.id ?? '' }
  const practice = practices.get(practice_id)
  return practice && (part ?? before) ? { ...(times as StopCard), practice } : null
}
