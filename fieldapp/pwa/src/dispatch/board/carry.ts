/** A visit in the hand: where it would come to lie, by pointer or by keys, and what colleagues see of it. Pure. */
import type { BoardLane, BoardView, Route } from '../../api/shapes'
import type { Lane } from './lanes'

/** `agent` null: it lies outside of every lane. The place counts without the visit itself. */
export interface Carried {
  readonly practice_id: string
  readonly name: string
  readonly from: string | null
  readonly agent: string | null
  readonly place: number
}

const others = (lane: Lane, practice_id: string): Lane['visits'] => lane.visits.filter((one) => one.stop.practice_id !== practice_id)

/** The place in a lane for a visit that is to lie at `moment`: behind everything whose middle is earlier. */
export const placeAt = (lane: Lane, practice_id: string, moment: number): number =>
  others(lane, practice_id).filter((one) => (one.from + one.to) / 2 < moment).length

/** A visit taken up from its lane, still lying where it lay. */
export function takenUp(lanes: readonly Lane[], agent: string, stop_id: string): Carried | null {
  const lane = lanes.find((one) => one.agent_id === agent)
  const place = lane?.visits.findIndex((one) => one.stop.stop_id === stop_id) ?? -1
  const stop = lane?.visits[place]?.stop
  return stop ? { practice_id: stop.practice_id, name: stop.debtor_name, from: agent, agent, place } : null
}

/** Where an arrow carries the visit; null when nowhere. */
export function carry(lanes: readonly Lane[], carried: Carried, key: string): Carried | null {
  const at = lanes.findIndex((lane) => lane.agent_id === carried.agent)
  const lane = lanes[at]
  if (!lane) return ['ArrowUp', 'ArrowDown'].includes(key) && lanes[0] ? { ...carried, agent: lanes[0].agent_id, place: 0 } : null
  const rest = others(lane, carried.practice_id)
  if (key === 'ArrowLeft') return carried.place > 0 ? { ...carried, place: carried.place - 1 } : null
  if (key === 'ArrowRight') return carried.place < rest.length ? { ...carried, place: carried.place + 1 } : null
  const next = { ArrowUp: lanes[at - 1], ArrowDown: lanes[at + 1] }[key]
  if (!next) return null
  const moment = rest[carried.place]?.from ?? rest.at(-1)?.to ?? next.visits[0]?.from ?? 0
  return { ...carried, agent: next.agent_id, place: placeAt(next, carried.practice_id, moment) }
}

/** Whether it would lie where it lay. */
export const lies = (one: Carried, other: Carried): boolean => one.agent === other.agent && one.place === other.place

export const byAgent = (lanes: readonly BoardLane[]): ReadonlyMap<string, BoardLane> => new Map(lanes.map((lane) => [lane.agent_id, lane]))

/** The lanes with those that a change touches as they are then. */
export function withLanes(lanes: readonly BoardLane[], touched: readonly BoardLane[] | null): readonly BoardLane[] {
  if (!touched) return lanes
  const changed = byAgent(touched)
  return lanes.map((lane) => changed.get(lane.agent_id) ?? lane)
}

/** The lanes as they are now; those that nobody touched stay the same objects, so that nothing of them is drawn anew. */
export function refreshed(before: readonly BoardLane[], now: readonly BoardLane[]): readonly BoardLane[] {
  const known = byAgent(before)
  return now.map((lane) => {
    const old = known.get(lane.agent_id)
    // A reserve gets smaller without its lane being touched: its visit was put in elsewhere.
    const same = old?.revision === lane.revision && old.route.in_reserve.length === lane.route.in_reserve.length
    return same ? old : lane
  })
}

export const routesOf = (lanes: readonly BoardLane[]): readonly Route[] => lanes.map((lane) => lane.route)

/** The revisions on which a decision rests. */
export const seenOf = (board: BoardView): Record<string, number> => Object.fromEntries(board.lanes.map((lane) => [lane.agent_id, lane.revision]))
