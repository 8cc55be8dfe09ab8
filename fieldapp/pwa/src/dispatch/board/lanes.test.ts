import { describe, expect, it } from 'vitest'
import { aRoute, aStop, at } from './builders'
import { lanesOf, placeOf, rowsIn, scaleOf, stepFrom } from './lanes'

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16)
const told = (route: ReturnType<typeof aRoute>): string[] =>
  lanesOf([route]).flatMap((lane) => lane.pieces.map((piece) => `${piece.kind} ${clock(piece.from)}-${clock(piece.to)}`))

describe('a lane', () => {
  it('goes out, waits before a window, and comes home', () => {
    const route = aRoute('anna', [aStop('1', '09:00'), aStop('2', '10:00')], { leave_home_at: at('08:50'), back_home_at: at('10:45') })

    expect(told(route)).toEqual(['travel 08:50-09:00', 'travel 09:20-09:30', 'wait 09:30-10:00', 'travel 10:20-10:45'])
  })

  it('has its lunch where it was planned, the way split around it', () => {
    const route = aRoute('anna', [aStop('1', '12:00'), aStop('2', '13:30', { travel_s: 1800 })], {
      leave_home_at: at('11:50'), lunch_from: at('12:30'), lunch_to: at('13:00'),
    })

    expect(told(route)).toEqual(['travel 11:50-12:00', 'travel 12:20-12:30', 'lunch 12:30-13:00', 'travel 13:00-13:20', 'wait 13:20-13:30'])
  })

  it('of somebody who stays at home is empty and still there', () => {
    expect(lanesOf([aRoute('bruno', [])])).toEqual([{ agent_id: 'bruno', agent_name: 'bruno', pieces: [], visits: [] }])
  })
})

describe('the scale of hours', () => {
  it('reaches from the first whole hour to the last', () => {
    const scale = scaleOf(lanesOf([aRoute('anna', [aStop('1', '08:20'), aStop('2', '18:10')], { leave_home_at: at('08:10') })]))

    expect(scale?.hours.map(clock)).toEqual(['08:00', '09:00', '10:00', '11:00', '12:00', '13:00', '14:00', '15:00', '16:00', '17:00', '18:00', '19:00'])
    expect(scale && placeOf(scale, Date.parse(at('13:30')))).toBe(0.5)
  })

  it('does not exist where nobody goes out', () => expect(scaleOf(lanesOf([aRoute('anna', [])]))).toBeNull())
})

describe('the rows that are drawn', () => {
  it.each([
    [0, 200, [0, 10]],
    [1800, 200, [46, 60]],
    [3400, 200, [90, 100]],
  ])('from %i', (scrolled, height, rows) => expect(rowsIn(scrolled, height, 36, 100)).toEqual(rows))
})

describe('the keys', () => {
  const lanes = lanesOf([
    aRoute('anna', [aStop('a1', '09:00'), aStop('a2', '11:00'), aStop('a3', '15:00')]),
    aRoute('bruno', []),
    aRoute('carla', [aStop('c1', '10:50'), aStop('c2', '14:00')]),
  ])

  it.each([
    [null, 'ArrowDown', { agent: 'anna', stop: 'a1' }],
    [{ agent: 'anna', stop: 'a1' }, 'ArrowRight', { agent: 'anna', stop: 'a2' }],
    [{ agent: 'anna', stop: 'a3' }, 'ArrowRight', { agent: 'anna', stop: 'a3' }],
    [{ agent: 'anna', stop: 'a2' }, 'Home', { agent: 'anna', stop: 'a1' }],
    [{ agent: 'anna', stop: 'a2' }, 'ArrowDown', { agent: 'bruno', stop: null }],
    [{ agent: 'anna', stop: 'a2' }, 'PageDown', { agent: 'carla', stop: 'c1' }],
    [{ agent: 'carla', stop: 'c2' }, 'PageUp', { agent: 'anna', stop: 'a3' }],
    [{ agent: 'carla', stop: 'c2' }, 'ArrowDown', null],
    [{ agent: 'anna', stop: 'a2' }, 'x', null],
  ] as const)('%o %s leads to %o', (cursor, key, to) => expect(stepFrom(lanes, cursor, key)).toEqual(to))
})
