/**
 * Times of lanes while a visit is carried, worked out here until the service has judged the place: its answer takes
 * longer than a hand. Ways that the plan has are the plan's; new ones go by the crow, at the pace of the lanes. Pure.
 */
import type { BoardLane, PlanStop, Route } from '../../api/shapes'
import { distanceM } from '../../domain/distance.ts'
import type { Carried } from './carry'

interface Point {
  readonly lat_e6: number
  readonly lon_e6: number
}

interface Way {
  readonly s: number
  readonly m: number
}

/** Seconds and metres of road for a metre of straight line, where no lane gives an example (30 km/h). */
const UNKNOWN_PACE: Way = { s: 0.16, m: 1.3 }
/** Less than this of straight line says nothing about a pace. */
const SHORT_M = 500

/** The lanes that the carried visit touches as they would be, broken rules unknown; null where it lies in no lane or nobody knows where it is. */
export function estimated(lanes: readonly BoardLane[], carried: Carried): readonly BoardLane[] | null {
  const from = lanes.find((lane) => lane.agent_id === carried.from)
  const to = lanes.find((lane) => lane.agent_id === carried.agent)
  const stop = from?.route.stops.find((one) => one.practice_id === carried.practice_id)
  if (!from || !to || !stop) return null
  const pace = paceOf([from.route, to.route])
  const order = to.route.stops.filter((one) => one !== stop)
  order.splice(carried.place, 0, stop)
  const changed = [{ ...to, broken: [], route: timed(to.route, order, pace) }]
  if (from !== to) changed.unshift({ ...from, broken: [], route: timed(from.route, from.route.stops.filter((one) => one !== stop), pace) })
  return changed
}

const home = (route: Route): Point => ({ lat_e6: route.start_lat_e6, lon_e6: route.start_lon_e6 })

function paceOf(routes: readonly Route[]): Way {
  let [s, m, straight] = [0, 0, 0]
  for (const route of routes) {
    let place = home(route)
    for (const stop of route.stops) {
      s += stop.travel_s
      m += stop.distance_m
      straight += distanceM(place, stop)
      place = stop
    }
  }
  return straight > SHORT_M && s > 0 ? { s: s / straight, m: m / straight } : UNKNOWN_PACE
}

/** The route in another order. What has begun keeps its hours; lunch stays as long, once its hour has come. */
function timed(route: Route, order: readonly PlanStop[], pace: Way): Route {
  const before = new Map(route.stops.map((stop, at) => [stop.stop_id, route.stops[at - 1]?.stop_id ?? null] as const))
  const way = (from: PlanStop | null, to: PlanStop): Way => {
    if (before.get(to.stop_id) === (from?.stop_id ?? null)) return { s: to.travel_s, m: to.distance_m }
    const straight = distanceM(from ?? home(route), to)
    return { s: Math.round(straight * pace.s), m: Math.round(straight * pace.m) }
  }
  const rest = lunchOf(route)
  let eaten: { from: number; to: number } | null = null
  /** There, and not before it `opens`; after the meal, where its hour would pass on the way or waiting. */
  const reach = (free: number, wayMs: number, opens: number): number => {
    if (!rest || eaten || Math.max(free + wayMs, opens) <= rest.from) return Math.max(free + wayMs, opens)
    const from = Math.max(free, rest.from)
    eaten = { from, to: from + rest.to - rest.from }
    return Math.max(free + wayMs + rest.to - rest.from, opens)
  }
  const first = order[0]
  const leaveHome = route.leave_home_at ? Date.parse(route.leave_home_at) : first ? Date.parse(first.window_from) - way(null, first).s * 1000 : 0
  let free = leaveHome
  let last: PlanStop | null = null
  const sums = { travel_s: 0, distance_m: 0, prize_cents: 0 }
  const stops = order.map((stop, at): PlanStop => {
    const leg = way(last, stop)
    const begun = stop.state !== 'planned'
    const arrive = begun ? Date.parse(stop.arrive_at) : reach(free, leg.s * 1000, Date.parse(stop.window_from))
    free = begun ? Date.parse(stop.leave_at) : arrive + stop.service_s * 1000
    last = stop
    sums.travel_s += leg.s
    sums.distance_m += leg.m
    sums.prize_cents += stop.prize_cents
    return { ...stop, position: at + 1, travel_s: leg.s, distance_m: leg.m, arrive_at: iso(arrive), leave_at: iso(free) }
  })
  const back = wayHome(route, order.at(-1), pace)
  const backHome = reach(free, back.s * 1000, 0)
  const lunch = eaten as typeof rest
  return {
    ...route, ...sums, stops,
    travel_s: sums.travel_s + back.s,
    distance_m: sums.distance_m + back.m,
    leave_home_at: first ? iso(leaveHome) : null,
    back_home_at: first ? iso(backHome) : null,
    lunch_from: lunch ? iso(lunch.from) : route.lunch_from,
    lunch_to: lunch ? iso(lunch.to) : route.lunch_to,
  }
}

/** The way from the last door: the plan's where it stays the last. */
function wayHome(route: Route, last: PlanStop | undefined, pace: Way): Way {
  if (!last) return { s: 0, m: 0 }
  if (last.stop_id === route.stops.at(-1)?.stop_id) {
    const there = route.stops.reduce((sum, stop) => ({ s: sum.s + stop.travel_s, m: sum.m + stop.distance_m }), { s: 0, m: 0 })
    return { s: Math.max(0, route.travel_s - there.s), m: Math.max(0, route.distance_m - there.m) }
  }
  const straight = distanceM(last, home(route))
  return { s: Math.round(straight * pace.s), m: Math.round(straight * pace.m) }
}

function lunchOf(route: Route): { from: number; to: number } | null {
  return route.lunch_from && route.lunch_to ? { from: Date.parse(route.lunch_from), to: Date.parse(route.lunch_to) } : null
}

const iso = (moment: number): string => new Date(moment).toISOString()
