import { describe, expect, it } from 'vitest'
import golden from '../../../../tests/golden/ways_by_hour.json' with { type: 'json' }
import { behindMin, drivenS, forecast, inOrder, moved, paceOf, type Progress } from './forecast'
import { aStop } from './testing'
import type { StopCard } from './shapes'

const at = (time: string): number => Date.parse(`2026-11-23T${time}:00Z`)
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16)

/** Half an hour apart from 9:00 on, ten minutes and two kilometres of road, twenty minutes inside, doors open all day. */
function stop(id: string, position: number, more: Partial<StopCard> = {}): StopCard {
  const plain = aStop(id, position)
  const start = at('09:00') + (position - 1) * 1_800_000
  return {
    ...plain, travel_s: 600, service_s: 1_200, arrive_at: new Date(start).toISOString(),
    window_from: '2026-11-23T08:30:00Z', window_to: '2026-11-23T18:00:00Z',
    address: { ...plain.address, lat_e6: 45_310_000 + position * 10_000 }, ...more,
  }
}
const route = [stop('a', 1), stop('b', 2), stop('c', 3)]
const [a, b, c] = route as [StopCard, StopCard, StopCard]
const progress = (more: Partial<Progress>): Progress => ({ nowMs: at('08:00'), last: null, inHand: null, shiftToMs: null, ...more })
const times = (order: readonly StopCard[], more: Partial<Progress>): string[] =>
  forecast(order, route, progress(more)).map((one) => `${one.stop.stop_id} ${clock(one.arriveMs)}`)

describe('a way by the hour', () => {
  for (const { name, takes_s, leave_at, seconds } of golden.cases) {
    it(`is the plan’s: ${name}`, () => {
      const byHour = golden.from_at.map((from_at, at) => ({ from_at, travel_s: takes_s[at] ?? 0 }))
      expect(drivenS(byHour, Date.parse(leave_at))).toBe(seconds)
    })
  }

  it('is longer for who is late into the jam', () => {
    const way_by_hour = [{ from_at: '2026-11-23T00:00:00Z', travel_s: 600 }, { from_at: '2026-11-23T09:40:00Z', travel_s: 1_800 }]
    const jammed = [stop('a', 1), stop('b', 2, { way_by_hour }), stop('c', 3)]
    const leaving = (time: string): string[] => forecast(jammed.slice(1), jammed, progress({ nowMs: at(time), last: { stop: jammed[0] as StopCard, leftMs: at(time) } })).map((one) => clock(one.arriveMs))

    expect(leaving('09:20')).toEqual(['09:30', '10:00'])
    expect(leaving('09:50')).toEqual(['10:20', '10:50'])
  })
})

describe('an order of one’s own', () => {
  it('is driven at the pace of the hour, not of the hour that the plan knew', () => {
    const jam = (travel_s: number) => [{ from_at: '2026-11-23T00:00:00Z', travel_s }, { from_at: '2026-11-23T09:40:00Z', travel_s: 2 * travel_s }]
    const [first, second, third] = [stop('a', 1), stop('b', 2, { way_by_hour: jam(600) }), stop('c', 3, { way_by_hour: jam(600) })] as const
    const leaving = (time: string): string | undefined =>
      forecast([third, second], [first, second, third], progress({ nowMs: at(time), last: { stop: first, leftMs: at(time) } })).map((one) => clock(one.arriveMs))[0]

    // Two legs as the crow flies: twenty minutes, in the jam forty, and half of each where it begins on the way.
    expect(leaving('09:10')).toBe('09:30')
    expect(leaving('09:50')).toBe('10:30')
    expect(leaving('09:30')).toBe('10:00')
  })
})

describe('the times of the day', () => {
  it('are the plan’s before it begins', () => {
    expect(times(route, {})).toEqual(['a 09:00', 'b 09:30', 'c 10:00'])
  })

  it('move when nobody has set out in time, and the lateness is said', () => {
    expect(times(route, { nowMs: at('09:25') })).toEqual(['a 09:25', 'b 09:55', 'c 10:25'])
    expect(behindMin(forecast(route, route, progress({ nowMs: at('09:25') }))[0])).toBe(25)
  })

  it('move with a visit that takes long', () => {
    const inHand = { stopId: 'a', arrivedMs: at('09:00') }

    expect(times(route, { nowMs: at('09:10'), inHand })).toEqual(['a 09:00', 'b 09:30', 'c 10:00'])
    expect(times(route, { nowMs: at('09:50'), inHand })).toEqual(['a 09:00', 'b 10:00', 'c 10:30'])
  })

  it('come earlier when a door stayed closed, and never before it opens', () => {
    const last = { stop: a, leftMs: at('09:05') }

    expect(times([b, c], { nowMs: at('09:06'), last })).toEqual(['b 09:15', 'c 09:45'])
    const opens = { ...b, window_from: '2026-11-23T09:40:00Z' }
    expect(clock(forecast([opens], route, progress({ nowMs: at('09:06'), last }))[0]?.arriveMs ?? 0)).toBe('09:40')
  })

  it('follow another order at the pace of the day', () => {
    const last = { stop: a, leftMs: at('09:20') }

    // Two legs of the plan as the crow flies, then one back.
    expect(times([c, b], { nowMs: at('09:20'), last })).toEqual(['c 09:40', 'b 10:10'])
    expect(paceOf(route)).toBeCloseTo(600 / 1_112, 3)
  })

  it('keep lunch, and begin with the plan’s first hour in whatever order', () => {
    const after = { ...c, arrive_at: '2026-11-23T11:00:00Z' }
    const day = [a, b, after]

    expect(forecast(day, day, progress({ nowMs: at('09:10') })).map((one) => clock(one.arriveMs))).toEqual(['09:10', '09:40', '11:10'])
    expect(times([b, a, c], {})[0]).toBe('b 09:00')
  })

  it('say which door closes first and which visit ends after the shift', () => {
    const closing = { ...c, window_to: '2026-11-23T09:45:00Z' }
    const expected = forecast([b, closing], route, progress({ nowMs: at('09:20'), last: { stop: a, leftMs: at('09:20') }, shiftToMs: at('10:10') }))

    expect(expected.map((one) => one.tooLate)).toEqual([false, true])
    expect(expected.map((one) => one.afterShift)).toEqual([false, true])
  })
})

describe('the agent’s own order', () => {
  const ids = (order: readonly StopCard[]): string[] => order.map((one) => one.stop_id)

  it('stands in place of the plan’s, without what was withdrawn', () => {
    expect(ids(inOrder([a, b, c], ['c', 'gone', 'a', 'b']))).toEqual(['c', 'a', 'b'])
    expect(ids(inOrder([c, a, b], null))).toEqual(['a', 'b', 'c'])
  })

  it('takes in a visit that the office adds, before what the plan has after it', () => {
    expect(ids(inOrder([a, b, c], ['c', 'a']))).toEqual(['b', 'c', 'a'])
    expect(ids(inOrder([a, b, c], ['a', 'b']))).toEqual(['a', 'b', 'c'])
  })

  it('moves one visit and no other', () => {
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
    expect(moved(['a', 'b', 'c'], 1, 9)).toEqual(['a', 'c', 'b'])
  })
})
