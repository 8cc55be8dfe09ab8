/** Two plans of one day side by side: sums, fairness between agents, who changed, what is planned in one only. Pure. */
import type { PlanStop, Route, Unplanned } from '../api/shapes'
import { difference, type Difference } from './difference'
import { type Totals, totalsOf } from './totals'

export interface Side {
  readonly routes: readonly Route[]
  readonly unplanned: readonly Unplanned[]
}

/** `away_s`: from leaving home to being back, over all agents; the spreads are between the agents who go out. */
export interface Sums extends Totals {
  readonly away_s: number
  readonly net_cents: number
  readonly visits_spread: number
  readonly away_spread_s: number
}

export interface AgentChange {
  readonly agent_id: string
  readonly name: string
  readonly visits: readonly [number, number]
  readonly away_s: readonly [number, number]
  /** Visits that only one of the two gives to this agent. */
  readonly lost: number
  readonly gained: number
}

export interface OneSided {
  readonly practice_id: string
  readonly name: string
  readonly comune: string
  readonly prize_cents: number
  /** Why the other plan does not make it, where it says so. */
  readonly why: Unplanned | null
}

export interface Comparison {
  readonly first: Sums
  readonly second: Sums
  readonly difference: Difference
  readonly agents: readonly AgentChange[]
  readonly onlyFirst: readonly OneSided[]
  readonly onlySecond: readonly OneSided[]
}

const away = (route: Route): number =>
  route.leave_home_at && route.back_home_at ? (Date.parse(route.back_home_at) - Date.parse(route.leave_home_at)) / 1000 : 0

const spread = (values: readonly number[]): number => (values.length === 0 ? 0 : Math.max(...values) - Math.min(...values))

export function sumsOf(routes: readonly Route[]): Sums {
  const totals = totalsOf(routes)
  const out = routes.filter((route) => route.stops.length > 0)
  return {
    ...totals,
    away_s: routes.reduce((sum, route) => sum + away(route), 0),
    net_cents: totals.prize_cents - totals.cost_cents,
    visits_spread: spread(out.map((route) => route.stops.length)),
    away_spread_s: spread(out.map(away)),
  }
}

export function compare(first: Side, second: Side): Comparison {
  return {
    first: sumsOf(first.routes),
    second: sumsOf(second.routes),
    difference: difference(first.routes, second.routes),
    agents: agentsOf(first.routes, second.routes),
    onlyFirst: oneSided(first, second),
    onlySecond: oneSided(second, first),
  }
}

/** Only agents whose visits differ, those with most changes first. */
function agentsOf(first: readonly Route[], second: readonly Route[]): readonly AgentChange[] {
  const [was, is] = [byAgent(first), byAgent(second)]
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((id): AgentChange => {
      const [a, b] = [was.get(id), is.get(id)]
      const [before, after] = [visits(a), visits(b)]
      return {
        agent_id: id,
        name: (b ?? a)?.agent_name ?? '',
        visits: [before.size, after.size],
        away_s: [a ? away(a) : 0, b ? away(b) : 0],
        lost: [...before].filter((one) => !after.has(one)).length,
        gained: [...after].filter((one) => !before.has(one)).length,
      }
    })
    .filter((one) => one.lost + one.gained > 0)
    .toSorted((a, b) => b.lost + b.gained - a.lost - a.gained || a.name.localeCompare(b.name))
}

const byAgent = (routes: readonly Route[]): ReadonlyMap<string, Route> => new Map(routes.map((route) => [route.agent_id, route]))
const visits = (route: Route | undefined): ReadonlySet<string> => new Set(route?.stops.map((stop) => stop.practice_id))

function oneSided(here: Side, there: Side): readonly OneSided[] {
  const made = new Set(there.routes.flatMap((route) => route.stops.map((stop) => stop.practice_id)))
  const reasons = new Map(there.unplanned.map((one) => [one.practice_id, one]))
  return here.routes
    .flatMap((route) => route.stops)
    .filter((stop) => !made.has(stop.practice_id))
    .map((stop: PlanStop) => ({
      practice_id: stop.practice_id,
      name: stop.debtor_name,
      comune: stop.comune,
      prize_cents: stop.prize_cents,
      why: reasons.get(stop.practice_id) ?? null,
    }))
    .toSorted((a, b) => b.prize_cents - a.prize_cents)
}
