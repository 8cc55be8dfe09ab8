import { describe, expect, it } from 'vitest'
import type { BoardLane } from '../../api/shapes'
import { aRoute, aStop } from './builders'
import { carry, type Carried, placeAt, refreshed, takenUp, withLanes } from './carry'
import { lanesOf } from './lanes'

const lanes = lanesOf([
  aRoute('anna', [aStop('a1', '09:00'), aStop('a2', '11:00'), aStop('a3', '15:00')]),
  aRoute('bruno', []),
  aRoute('carla', [aStop('c1', '10:50'), aStop('c2', '14:00')]),
])
const [anna, , carla] = lanes
const at = (hour: string): number => Date.parse(`2026-11-26T${hour}:00Z`)
const held = (agent: string | null, place: number): Carried => ({ practice_id: 'a2', name: '', from: 'anna', agent, place })

describe('a visit in the hand', () => {
  it('is taken up where it lies', () => {
    expect(takenUp(lanes, 'anna', 'a2')).toEqual({ practice_id: 'a2', name: '', from: 'anna', agent: 'anna', place: 1 })
    expect(takenUp(lanes, 'anna', 'c1')).toBeNull()
  })

  it.each([
    ['08:00', 0],
    ['09:15', 1],
    ['11:10', 1], // over itself
    ['16:00', 2],
  ])('comes to lie at %s behind what is earlier', (hour, place) => expect(anna && placeAt(anna, 'a2', at(hour))).toBe(place))

  it('counts all visits of another lane', () => expect(carla && placeAt(carla, 'a2', at('12:00'))).toBe(1))

  it.each([
    [held('anna', 1), 'ArrowLeft', held('anna', 0)],
    [held('anna', 0), 'ArrowLeft', null],
    [held('anna', 2), 'ArrowRight', null],
    [held('anna', 1), 'ArrowDown', held('bruno', 0)],
    [held('carla', 1), 'ArrowUp', held('bruno', 0)],
    [held('carla', 0), 'ArrowDown', null],
    [held(null, 0), 'ArrowDown', held('anna', 0)],
    [held('anna', 1), 'x', null],
  ] as const)('%o is carried by %s to %o', (carried, key, to) => expect(carry(lanes, carried, key)).toEqual(to))
})

describe('lanes with a change', () => {
  const lane = (agent_id: string, revision: number): BoardLane => ({
    agent_id, revision, locked_by: null, changed_by: null, changed_at: null, broken: [], route: aRoute(agent_id, []),
  })

  it('show what it touches and keep the rest', () => {
    const shown = withLanes([lane('anna', 1), lane('bruno', 0)], [lane('anna', 2)])

    expect(shown.map((one) => [one.agent_id, one.revision])).toEqual([['anna', 2], ['bruno', 0]])
  })

  it('stay the same objects when they are read again, but for those that were touched or lost a visit in reserve', () => {
    const reserved: BoardLane = { ...lane('carla', 3), route: { ...aRoute('carla', []), in_reserve: [aStop('r1', '09:00')] } }
    const before = [lane('anna', 1), lane('bruno', 0), reserved]
    const now = [lane('anna', 2), lane('bruno', 0), { ...reserved, route: { ...reserved.route, in_reserve: [] } }]

    const shown = refreshed(before, now)

    expect(shown.map((one, i) => one === before[i])).toEqual([false, true, false])
    expect(shown).toEqual(now)
  })
})
