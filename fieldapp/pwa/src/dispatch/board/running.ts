/** How today runs, as the stream tells it: pure reading, nothing is reckoned here. */
import type { DayAlert, ExpectedStop, PlanStop, Route, RunningDay, RunningLane } from '../../api/shapes'
import type { What } from './told'

/** Seconds behind the plan from which a time is shown beside the published one. */
const WORTH_SAYING_S = 300

/** What is known after `told`: of the same version only the lanes that changed are told. */
export function merged(before: RunningDay | null, told: RunningDay): RunningDay {
  if (before?.day !== told.day || before.version !== told.version) return told
  const changed = new Map(told.lanes.map((lane) => [lane.agent_id, lane] as const))
  const kept = before.lanes.map((lane) => changed.get(lane.agent_id) ?? lane)
  const known = new Set(before.lanes.map((lane) => lane.agent_id))
  return { ...told, lanes: [...kept, ...told.lanes.filter((lane) => !known.has(lane.agent_id))] }
}

const RANK = { planned: 0, arrived: 1, done: 2 } as const
const asRun = new WeakMap<Route, { readonly lane: RunningLane; readonly route: Route }>()

/** The routes with what has begun on them since they were read; one on which nothing did stays the same object. */
export function begunOn(routes: readonly Route[], day: RunningDay | null): readonly Route[] {
  const lanes = new Map((day?.lanes ?? []).map((lane) => [lane.agent_id, lane] as const))
  return routes.map((route) => {
    const lane = lanes.get(route.agent_id)
    return lane === undefined || lane.begun.length === 0 ? route : routeAsRun(route, lane)
  })
}

function routeAsRun(route: Route, lane: RunningLane): Route {
  const known = asRun.get(route)
  if (known?.lane === lane) return known.route
  const begun = new Map(lane.begun.map((one) => [one.stop_id, one] as const))
  let changed = false
  const stops = route.stops.map((stop): PlanStop => {
    const now = begun.get(stop.stop_id)
    if (!now || RANK[now.state] <= RANK[stop.state]) return stop
    changed = true
    return { ...stop, state: now.state, outcome: now.outcome }
  })
  const run = changed ? { ...route, stops } : route
  asRun.set(route, { lane, route: run })
  return run
}

/** Whether a visit has begun that the routes do not hold, of the reserve or outside the plan: then they are to be read anew. */
export function beginsUnread(routes: readonly Route[], day: RunningDay | null): boolean {
  const held = new Map(routes.map((route) => [route.agent_id, { stops: new Set(route.stops.map((stop) => stop.stop_id)), outside: route.outside?.length ?? 0 }] as const))
  return (day?.lanes ?? []).some((lane) => {
    const route = held.get(lane.agent_id)
    return route !== undefined && ((lane.outside ?? 0) > route.outside || lane.begun.some((one) => !route.stops.has(one.stop_id)))
  })
}

/** Open visits that will be reached noticeably later than published, or too late, by stop. */
export const lateStops = (day: RunningDay | null): ReadonlyMap<string, ExpectedStop> =>
  new Map((day?.lanes ?? []).flatMap((lane) => lane.stops.filter((stop) => stop.missed || stop.late_s >= WORTH_SAYING_S).map((stop) => [stop.stop_id, stop] as const)))

/** Seconds behind, by agent, of those who are noticeably behind. */
export const behindBy = (day: RunningDay | null): ReadonlyMap<string, number> =>
  new Map((day?.lanes ?? []).filter((lane) => lane.behind_s >= WORTH_SAYING_S).map((lane) => [lane.agent_id, lane.behind_s] as const))

/** What a dispatcher most likely tells when planning again because of an alert. */
export const whatToTell = (alert: DayAlert): What =>
  alert.kind === 'must_missed' ? 'urgent' : alert.kind === 'late' ? 'held_up' : 'agent_away'
