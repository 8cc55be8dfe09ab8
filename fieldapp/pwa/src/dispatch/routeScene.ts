/** The routes of a day as a map scene: what is chosen is lit, the rest steps back. Pure. */
import type { PlanStop, Route, Unplanned } from '../api/shapes'
import { type LaneMark, laneMark, type MapLine, type MapPlace, type Scene, type Tone } from '../desk/map/scene'
import { hour, t } from '../text'

export interface Chosen {
  readonly agent: string | null
  readonly stop: string | null
  /** A visit that lies in no lane. */
  readonly aside?: string | null
}

/** The letter of each agent's lane on this day, by agent: the same on list, map and timeline. */
export const laneMarks = (routes: readonly Route[]): ReadonlyMap<string, LaneMark> =>
  new Map(routes.map((route, i) => [route.agent_id, laneMark(i)]))

export function sceneOf(
  routes: readonly Route[], unplanned: readonly Unplanned[], chosen: Chosen, marks: ReadonlyMap<string, LaneMark> = laneMarks(routes),
): Scene {
  const busy = routes.filter((route) => route.stops.length > 0)
  const laneOf = (route: Route): LaneMark => marks.get(route.agent_id) ?? laneMark(0)
  return {
    pin: null,
    lines: busy.map((route): MapLine => ({ id: route.agent_id, tone: toneOf(route, chosen), points: wayOf(route), lane: laneOf(route) })),
    places: [
      ...unplanned.filter((one) => chosen.agent === null || one.practice_id === chosen.aside).flatMap((one) => leftOut(one, chosen)),
      ...busy.flatMap((route) => [homeOf(route, laneOf(route), chosen), ...route.stops.map((stop) => placeOf(route, laneOf(route), stop, chosen))]),
    ],
  }
}

const toneOf = (route: Route, chosen: Chosen): Tone =>
  chosen.agent === null ? 'plain' : route.agent_id === chosen.agent ? 'lit' : 'faded'

/** From home over all stops and back. */
function wayOf(route: Route): MapLine['points'] {
  const home = [route.start_lon_e6, route.start_lat_e6] as const
  return [home, ...route.stops.map((stop) => [stop.lon_e6, stop.lat_e6] as const), home]
}

const homeOf = (route: Route, lane: LaneMark, chosen: Chosen): MapPlace => ({
  id: `home ${route.agent_id}`,
  lat_e6: route.start_lat_e6,
  lon_e6: route.start_lon_e6,
  label: lane.letter,
  lane,
  title: t('map.home_of', { name: route.agent_name }),
  tone: toneOf(route, chosen) === 'faded' ? 'faded' : 'plain',
  shape: 'home',
})

function placeOf(route: Route, lane: LaneMark, stop: PlanStop, chosen: Chosen): MapPlace {
  const tone = toneOf(route, chosen)
  return {
    id: stop.stop_id,
    lat_e6: stop.lat_e6,
    lon_e6: stop.lon_e6,
    label: tone === 'plain' ? `${lane.letter}${stop.position}` : String(stop.position),
    lane,
    title: t('map.stop', { n: stop.position, agent: route.agent_name, debtor: stop.debtor_name, at: hour(stop.arrive_at) }),
    tone: chosen.stop === stop.stop_id ? 'chosen' : tone,
    shape: stop.state === 'done' ? 'done' : 'stop',
  }
}

function leftOut({ practice_id: id, lat_e6, lon_e6, debtor_name: title }: Unplanned, chosen: Chosen): readonly MapPlace[] {
  if (lat_e6 === null || lon_e6 === null) return []
  const look = id === chosen.aside ? ({ tone: 'chosen', shape: 'stop', label: '+' } as const) : ({ tone: 'faded', shape: 'dot', label: '' } as const)
  return [{ id, lat_e6, lon_e6, title, ...look }]
}

export const initials = (name: string): string =>
  name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => word.charAt(0)).join('').toLocaleUpperCase()
