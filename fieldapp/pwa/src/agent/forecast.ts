/**
 * When the agent will be where, from what the phone knows: what was done, what is in hand, the order that is left and
 * the clock. Pure; the plan's own times are only where it begins.
 */
import { metresBetween } from './day'
import type { StopCard } from './shapes'

export interface Expected {
  readonly stop: StopCard
  readonly arriveMs: number
  readonly leaveMs: number
  /** The door's hours are over before anybody could be there. */
  readonly tooLate: boolean
  /** The agent's own hours are. */
  readonly afterShift: boolean
}

export interface Progress {
  readonly nowMs: number
  /** When the agent last left a door, and which, where the phone knows it; null before the first. */
  readonly last: { readonly stop: StopCard | null; readonly leftMs: number } | null
  /** The visit in hand: nobody knows when it ends, but not before now. */
  readonly inHand: { readonly stopId: string; readonly arrivedMs: number } | null
  readonly shiftToMs: number | null
}

/** Ways wind: what a straight line is on the road, and how fast, where the plan gives no example (30 km/h). */
const SECONDS_A_METRE = 0.16

/** An hour without visits as long as this is somebody's lunch, and stays one however late the day runs. */
const BREAK_MS = 20 * 60_000

/** Seconds on the way between two doors: the plan's where it knows them, by the hour at which one leaves; else at the pace of that hour. */
function travelS(from: StopCard | null, to: StopCard, planned: ReadonlyMap<string, string | null>, pace: Pace, leaveMs: number | null): number {
  const before = planned.get(to.stop_id)
  if (before !== undefined && before === (from?.stop_id ?? null)) {
    return to.way_by_hour?.length && leaveMs !== null ? drivenS(to.way_by_hour, leaveMs) : to.travel_s
  }
  const metres = metresBetween(from, to)
  if (metres === null) return to.travel_s
  const byHour = pace.byHour.map(({ from_at, aMetre }) => ({ from_at, travel_s: Math.round(metres * aMetre) }))
  const varies = byHour.length > 0 && byHour.every((one) => one.travel_s > 0)
  return varies && leaveMs !== null ? drivenS(byHour, leaveMs) : Math.round(metres * pace.aMetre)
}

/** What a way takes to who leaves then, the rest of it driven at the pace of each hour, as in the plan. */
export function drivenS(byHour: readonly { readonly from_at: string; readonly travel_s: number }[], leaveMs: number): number {
  const turns = byHour.map((one) => Math.trunc((Date.parse(one.from_at) - leaveMs) / 1000))
  const takes = byHour.map((one) => one.travel_s)
  let band = Math.max(0, turns.findLastIndex((turn) => turn <= 0))
  let [gone, left] = [0, takes[band] ?? 0]
  for (let next = turns[band + 1]; next !== undefined && gone + left > next; next = turns[band + 1]) {
    left = Math.ceil(((left - next + gone) * (takes[band + 1] ?? 0)) / (takes[band] ?? 1))
    gone = next
    band += 1
  }
  return gone + left
}

/** Seconds for a metre of straight line, by the legs of the plan. */
export function paceOf(planned: readonly StopCard[]): number {
  let [seconds, metres] = [0, 0]
  planned.forEach((stop, at) => {
    const way = metresBetween(planned[at - 1] ?? null, stop)
    if (at === 0 || way === null) return
    seconds += stop.travel_s
    metres += way
  })
  return metres > 500 && seconds > 0 ? seconds / metres : SECONDS_A_METRE
}

interface Pace {
  readonly aMetre: number
  readonly byHour: readonly { readonly from_at: string; readonly aMetre: number }[]
}

/** The same from each moment on at which ways change, by the legs that say so; none where the hour does not matter. */
function pacesOf(planned: readonly StopCard[]): Pace['byHour'] {
  let metres = 0
  const legs: StopCard[] = []
  planned.forEach((stop, at) => {
    const way = metresBetween(planned[at - 1] ?? null, stop)
    if (at === 0 || way === null || !stop.way_by_hour?.length) return
    metres += way
    legs.push(stop)
  })
  const moments = legs[0]?.way_by_hour?.map((one) => one.from_at) ?? []
  const same = legs.every((leg) => leg.way_by_hour?.map((one) => one.from_at).join() === moments.join())
  if (metres <= 500 || !same) return []
  return moments.map((from_at, band) => ({ from_at, aMetre: legs.reduce((sum, leg) => sum + (leg.way_by_hour?.[band]?.travel_s ?? 0), 0) / metres }))
}

/** The times of `order` one after the other; `planned` are the day's stops as the office put them. */
export function forecast(order: readonly StopCard[], planned: readonly StopCard[], progress: Progress): Expected[] {
  const route = planned.filter((stop) => !stop.reserve).sort((a, b) => a.position - b.position)
  const before = new Map(route.map((stop, at) => [stop.stop_id, route[at - 1]?.stop_id ?? null] as const))
  const pace = { aMetre: paceOf(route), byHour: pacesOf(route) }
  const breaks = breaksBefore(route)
  // Before the first door nobody knows when the agent left home: the plan does.
  const firstMs = Math.min(...order.map((stop) => Date.parse(stop.arrive_at)))
  let place = progress.last?.stop ?? null
  let freeMs = progress.last?.leftMs ?? null
  return order.map((stop) => {
    const inHand = progress.inHand?.stopId === stop.stop_id ? progress.inHand : null
    const wayMs = travelS(place, stop, before, pace, freeMs) * 1000
    const reachMs = freeMs === null ? firstMs : freeMs + wayMs + (breaks.get(stop.stop_id) ?? 0)
    const arriveMs = inHand?.arrivedMs ?? Math.max(reachMs, progress.nowMs, Date.parse(stop.window_from))
    const leaveMs = Math.max(arriveMs + stop.service_s * 1000, inHand ? progress.nowMs : 0)
    place = stop
    freeMs = leaveMs
    return {
      stop, arriveMs, leaveMs,
      tooLate: inHand === null && arriveMs > Date.parse(stop.window_to),
      afterShift: progress.shiftToMs !== null && leaveMs > progress.shiftToMs,
    }
  })
}

/** The breaks that the plan keeps, before which stop each. */
function breaksBefore(route: readonly StopCard[]): Map<string, number> {
  const found = new Map<string, number>()
  route.forEach((stop, at) => {
    const before = route[at - 1]
    if (!before) return
    const idleMs = Date.parse(stop.arrive_at) - Date.parse(before.arrive_at) - (before.service_s + stop.travel_s) * 1000
    if (idleMs >= BREAK_MS) found.set(stop.stop_id, idleMs)
  })
  return found
}

/** Minutes behind the plan at the first door ahead; 0 when on time or early. */
export const behindMin = (first: Expected | undefined): number =>
  first ? Math.max(0, Math.floor((first.arriveMs - Date.parse(first.stop.arrive_at)) / 60_000)) : 0

/**
 * The waiting stops in the order that the agent chose. What the office added since stands before the first chosen stop
 * that the plan has after it, so that a new visit is not lost at the end.
 */
export function inOrder(waiting: readonly StopCard[], chosen: readonly string[] | null): StopCard[] {
  const planned = [...waiting].sort((a, b) => a.position - b.position)
  if (!chosen) return planned
  const known = new Map(planned.map((stop) => [stop.stop_id, stop] as const))
  const order = chosen.flatMap((id) => known.get(id) ?? [])
  for (const stop of planned) {
    if (chosen.includes(stop.stop_id)) continue
    const at = order.findIndex((one) => one.position > stop.position)
    order.splice(at < 0 ? order.length : at, 0, stop)
  }
  return order
}

/** `order` with the stop at `from` at `to` instead. */
export function moved<T>(order: readonly T[], from: number, to: number): T[] {
  const next = [...order]
  const [item] = next.splice(from, 1)
  if (item !== undefined) next.splice(Math.min(Math.max(to, 0), next.length), 0, item)
  return next
}
