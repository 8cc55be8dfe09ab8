import { describe, expect, it } from 'vitest'
import type { BoardLane, PlanStop, Route } from '../../api/shapes'
import { aRoute, aStop, at } from './builders'
import type { Carried } from './carry'
import { estimated } from './estimate'

/** Some 1,112 metres to the next hundredth of a degree. */
const place = (east: number): Partial<PlanStop> => ({ lat_e6: 0, lon_e6: east * 10_000, travel_s: 300, distance_m: 2_000, window_from: at('07:00'), window_to: at('19:00') })
const lane = (route: Route): BoardLane => ({ agent_id: route.agent_id, revision: 0, locked_by: null, changed_by: null, changed_at: null, broken: [], route })
const hours = (one: BoardLane | undefined): string[] | undefined => one?.route.stops.map((stop) => `${stop.practice_id} ${stop.arrive_at.slice(11, 16)}`)
const held = (change: Partial<Carried>): Carried => ({ practice_id: 'a2', name: '', from: 'anna', agent: 'bruno', place: 0, ...change })

const anna = lane(aRoute('anna', [aStop('a1', '09:00', place(1)), aStop('a2', '09:25', place(2)), aStop('a3', '09:50', place(3))], {
  leave_home_at: at('08:55'), back_home_at: at('10:25'), travel_s: 1_800, distance_m: 12_000,
}))
const bruno = lane(aRoute('bruno', [aStop('b1', '10:00', place(1)), aStop('b2', '10:25', place(2))], {
  leave_home_at: at('09:55'), back_home_at: at('11:00'), travel_s: 1_500, distance_m: 10_000,
}))

describe('times while a visit is carried', () => {
  it('close the gap that it leaves and make room where it would lie', () => {
    const [left, taken] = estimated([anna, bruno], held({ place: 1 })) ?? []

    // From a1 to a3 two hundredths, at 300 s each.
    expect(hours(left)).toEqual(['a1 09:00', 'a3 09:30'])
    expect(hours(taken)).toEqual(['b1 10:00', 'a2 10:25', 'b2 10:45'])
    expect(left?.route).toMatchObject({ travel_s: 1_800, back_home_at: new Date(at('10:05')).toISOString() })
    expect(taken?.route.stops.map((one) => one.position)).toEqual([1, 2, 3])
  })

  it('touch one lane within it', () => {
    const found = estimated([anna, bruno], held({ agent: 'anna', place: 0 })) ?? []

    expect(found.map((one) => one.agent_id)).toEqual(['anna'])
    expect(hours(found[0])?.map((one) => one.slice(0, 2))).toEqual(['a2', 'a1', 'a3'])
  })

  it('wait for the door to open, and keep the hours of what has begun', () => {
    const later = aStop('b1', '10:00', { ...place(1), window_from: at('10:30') })
    const begun = aStop('a1', '09:07', { ...place(1), state: 'done' })
    const lanes = [lane({ ...anna.route, stops: [begun, ...anna.route.stops.slice(1)] }), lane({ ...bruno.route, stops: [later] })]

    const [left, taken] = estimated(lanes, held({ place: 0 })) ?? []

    expect(hours(left)?.[0]).toBe('a1 09:07')
    expect(hours(taken)?.at(-1)).toBe('b1 10:30')
  })

  it('let lunch be, as long as it was, before what would come after its hour', () => {
    const eating = lane({ ...bruno.route, lunch_from: at('10:20'), lunch_to: at('11:00'), stops: [bruno.route.stops[0] as PlanStop, aStop('b2', '11:05', place(2))] })

    const [, taken] = estimated([anna, eating], held({ place: 1 })) ?? []

    expect(hours(taken)).toEqual(['b1 10:00', 'a2 11:05', 'b2 11:25'])
    expect(taken?.route.lunch_from).toBe(new Date(at('10:20')).toISOString())
  })

  it('are unknown for what lies in no lane, going there or coming from there', () => {
    expect(estimated([anna, bruno], held({ agent: null }))).toBeNull()
    expect(estimated([anna, bruno], held({ from: null, practice_id: 'x' }))).toBeNull()
  })

  it('begin when the door opens for somebody who was to stay at home', () => {
    const [, taken] = estimated([anna, lane(aRoute('bruno', []))], held({ place: 0 })) ?? []

    expect(hours(taken)).toEqual(['a2 07:00'])
  })
})
