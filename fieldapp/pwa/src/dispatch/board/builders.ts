/** What tests of the board are made of: routes and stops of which only what matters is said. */
import type { PlanStop, Route } from '../../api/shapes'

const at = (hour: string): string => `2026-11-26T${hour}:00Z`

/** A visit of twenty minutes that begins at `hour` (`09:00`). */
export function aStop(id: string, hour: string, change: Partial<PlanStop> = {}): PlanStop {
  const arrive_at = at(hour)
  const leave_at = new Date(Date.parse(arrive_at) + 20 * 60_000).toISOString()
  return {
    stop_id: id, position: 1, practice_id: id, practice_number: id, debtor_name: '', address_text: '', comune: 'Lodi',
    lat_e6: 0, lon_e6: 0, arrive_at, leave_at, window_from: arrive_at, window_to: leave_at, travel_s: 600, distance_m: 4000,
    service_s: 1200, prize_cents: 1000, must: false, reserve: false, reason: 'worth_the_way', reason_details: {},
    state: 'planned', outcome: null, pinned: false, ...change,
  }
}

export const aRoute = (agent: string, stops: PlanStop[], change: Partial<Route> = {}): Route => ({
  agent_id: agent, agent_name: agent, start_lat_e6: 0, start_lon_e6: 0, leave_home_at: null, back_home_at: null,
  lunch_from: null, lunch_to: null, travel_s: 600, distance_m: 5000, prize_cents: 1000, travel_cost_cents: 250, stops, in_reserve: [],
  ...change,
})

export { at }
