/** A day as lanes: what each agent does from leaving home to coming back, on one scale of hours. Pure. */
import type { PlanStop, Route } from '../../api/shapes'

export interface Piece {
  readonly kind: 'travel' | 'wait' | 'lunch'
  readonly from: number
  readonly to: number
}

export interface Block {
  readonly stop: PlanStop
  readonly from: number
  readonly to: number
}

/** Moments are milliseconds since 1970; `pieces` fill the time between visits. */
export interface Lane {
  readonly agent_id: string
  readonly agent_name: string
  readonly pieces: readonly Piece[]
  readonly visits: readonly Block[]
}

const HOUR = 3_600_000

const known = new WeakMap<Route, Lane>()

/** Every route as a lane, also of those who stay at home: something may be given to them. The same route, the same lane. */
export const lanesOf = (routes: readonly Route[]): readonly Lane[] =>
  routes.map((route) => {
    const lane = known.get(route) ?? laneOf(route)
    known.set(route, lane)
    return lane
  })

function laneOf(route: Route): Lane {
  const lunch = route.lunch_from && route.lunch_to ? { from: Date.parse(route.lunch_from), to: Date.parse(route.lunch_to) } : null
  const visits = route.stops.map((stop): Block => ({ stop, from: Date.parse(stop.arrive_at), to: Date.parse(stop.leave_at) }))
  const pieces: Piece[] = []
  let free = route.leave_home_at ? Date.parse(route.leave_home_at) : (visits[0]?.from ?? 0)
  for (const visit of visits) {
    pieces.push(...between(free, visit.from, visit.stop.travel_s * 1000, lunch))
    free = visit.to
  }
  if (route.back_home_at && visits.length > 0) {
    const home = Date.parse(route.back_home_at)
    pieces.push(...between(free, home, home - free, lunch))
  }
  return { agent_id: route.agent_id, agent_name: route.agent_name, pieces, visits }
}

/** The time from one door to the next: lunch where it was planned, the way as soon as it may begin, then waiting. */
function between(from: number, to: number, travel: number, lunch: { from: number; to: number } | null): Piece[] {
  const pieces: Piece[] = []
  let left = travel
  const fill = (start: number, end: number): void => {
    const driven = Math.min(left, end - start)
    if (driven > 0) pieces.push({ kind: 'travel', from: start, to: start + driven })
    left -= Math.max(driven, 0)
    if (end > start + driven) pieces.push({ kind: 'wait', from: start + Math.max(driven, 0), to: end })
  }
  if (!lunch || lunch.from < from || lunch.to > to) {
    fill(from, to)
    return pieces
  }
  fill(from, lunch.from)
  pieces.push({ kind: 'lunch', ...lunch })
  fill(lunch.to, to)
  return pieces
}

/** Whole hours around everything that happens, at least a working day. */
export interface Scale {
  readonly from: number
  readonly to: number
  readonly hours: readonly number[]
}

/** `late`: visits that will end later than planned. */
export function scaleOf(lanes: readonly Lane[], late: readonly { readonly leave_at: string }[] = []): Scale | null {
  let [from, to] = [Infinity, -Infinity]
  for (const lane of lanes) {
    for (const piece of [...lane.pieces, ...lane.visits]) {
      if (piece.from < from) from = piece.from
      if (piece.to > to) to = piece.to
    }
  }
  if (from > to) return null
  for (const one of late) to = Math.max(to, Date.parse(one.leave_at))
  from = Math.floor(from / HOUR) * HOUR
  to = Math.max(Math.ceil(to / HOUR), from / HOUR + 8) * HOUR
  return { from, to, hours: Array.from({ length: (to - from) / HOUR + 1 }, (_, i) => from + i * HOUR) }
}

/** Where a moment lies on the scale, 0 to 1; outside of it beyond. */
export const placeOf = (scale: Scale, moment: number): number => (moment - scale.from) / (scale.to - scale.from)

/** Which rows a scrolled window shows, with a few beyond either edge: `[first, after the last)`. */
export function rowsIn(scrolled: number, height: number, row: number, rows: number): readonly [number, number] {
  const beyond = 4
  const first = Math.max(0, Math.floor(scrolled / row) - beyond)
  return [Math.min(first, rows), Math.min(rows, Math.ceil((scrolled + height) / row) + beyond)]
}

/** Where the keys stand: a lane, and in it a visit where it has any. */
export interface Cursor {
  readonly agent: string
  readonly stop: string | null
}

/** Where a key leads from the cursor; null when it leads nowhere. */
export function stepFrom(lanes: readonly Lane[], cursor: Cursor | null, key: string, page = 8): Cursor | null {
  const at = lanes.findIndex((lane) => lane.agent_id === cursor?.agent)
  const lane = lanes[at]
  if (!lane) return ARROWS.has(key) && lanes[0] ? into(lanes[0], 0) : null
  const here = lane.visits.findIndex((visit) => visit.stop.stop_id === cursor?.stop)
  const last = lane.visits.length - 1
  switch (key) {
    case 'ArrowLeft':
      return into(lane, Math.max(0, here - 1))
    case 'ArrowRight':
      return into(lane, Math.min(last, here + 1))
    case 'Home':
      return into(lane, 0)
    case 'End':
      return into(lane, last)
  }
  const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[key]
  if (by === undefined) return null
  const next = lanes[Math.max(0, Math.min(lanes.length - 1, at + by))]
  if (!next || next === lane) return null
  return into(next, nearest(next, lane.visits[Math.max(here, 0)]?.from ?? 0))
}

const ARROWS = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp', 'PageDown'])

const into = (lane: Lane, place: number): Cursor => ({ agent: lane.agent_id, stop: lane.visits[place]?.stop.stop_id ?? null })

function nearest(lane: Lane, moment: number): number {
  let best = 0
  lane.visits.forEach((visit, i) => {
    const soFar = lane.visits[best]
    if (soFar && Math.abs(visit.from - moment) < Math.abs(soFar.from - moment)) best = i
  })
  return best
}
