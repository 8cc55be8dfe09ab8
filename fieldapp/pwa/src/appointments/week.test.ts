import { describe, expect, it } from 'vitest'
import type { AppointmentOffer, AppointmentOffers } from '../api/shapes'
import { cheapest, stepFrom, weekOf } from './week'

const offer = (day: string, hour: number, cost_cents: number): AppointmentOffer => ({
  from_at: `${day}T${String(hour).padStart(2, '0')}:00:00Z`, to_at: '', agent_id: '', agent_name: '', agent_number: '', arrive_at: '',
  travel_s: 0, distance_m: 0, cost_cents, delay_s: 0, visits: 0, lane: '',
})
const offers = (...days: [string, AppointmentOffer[]][]): AppointmentOffers => ({
  practice_id: '', address_text: '', hours: 1, standing: [],
  days: days.map(([day, windows]) => ({ day, stands: 'empty', offers: windows, reason: null })),
})
const [TODAY, SUNDAY, MONDAY] = ['2026-11-28', '2026-11-29', '2026-11-30']
const week = weekOf(
  offers([TODAY, [offer(TODAY, 16, 90), offer(TODAY, 10, 90)]], [SUNDAY, []], [MONDAY, [offer(MONDAY, 11, 500), offer(MONDAY, 15, 200)]]),
  (at) => at.slice(11, 16),
)

describe('the week', () => {
  it('holds each hour that some day offers, in order', () => {
    expect(week.hours).toEqual(['10', '11', '15', '16'])
    expect([...week.leastOf]).toEqual([[TODAY, '10'], [MONDAY, '15']])
  })

  it('begins at the cheapest window, the earliest of equals', () => {
    expect(cheapest(week)).toEqual({ day: TODAY, hour: '10' })
    expect(cheapest(weekOf(offers([SUNDAY, []]), (at) => at))).toBeNull()
  })

  it('steps over hours and days that offer nothing', () => {
    expect(stepFrom(week, { day: TODAY, hour: '10' }, 'ArrowDown')).toEqual({ day: TODAY, hour: '16' })
    expect(stepFrom(week, { day: TODAY, hour: '10' }, 'ArrowRight')).toEqual({ day: MONDAY, hour: '11' })
    expect(stepFrom(week, { day: MONDAY, hour: '15' }, 'ArrowLeft')).toEqual({ day: TODAY, hour: '16' })
    expect(stepFrom(week, { day: MONDAY, hour: '15' }, 'ArrowDown')).toBeNull()
    expect(stepFrom(week, { day: TODAY, hour: '10' }, 'x')).toBeNull()
  })
})
