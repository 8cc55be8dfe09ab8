import { describe, expect, it } from 'vitest'
import type { Candidate, PlanStop, Route, Unplanned } from '../api/shapes'
import { difference, isNothing, touched } from './difference'
import { byReason, plannable, sift, standingOf, totalsOf } from './totals'

const stop = (practice_id: string, arrive_at: string): PlanStop => ({
  stop_id: `s-${practice_id}`, position: 1, practice_id, practice_number: practice_id, debtor_name: '', address_text: '',
  comune: 'Lodi', lat_e6: 0, lon_e6: 0, arrive_at, leave_at: arrive_at, window_from: arrive_at, window_to: arrive_at,
  travel_s: 0, distance_m: 0, service_s: 600, prize_cents: 0, must: false, reserve: false, reason: 'planned', reason_details: {},
  state: 'planned', outcome: null, pinned: false,
})
const route = (agent_id: string, stops: PlanStop[]): Route => ({
  agent_id, agent_name: agent_id, start_lat_e6: 0, start_lon_e6: 0, leave_home_at: null, back_home_at: null,
  lunch_from: null, lunch_to: null, travel_s: 600, distance_m: 5000, prize_cents: 1000, travel_cost_cents: 250, stops, in_reserve: [],
})
const candidate = (change: Partial<Candidate>): Candidate => ({
  practice_id: 'p', practice_number: 'A-1', creditor_name: 'Banca', debtor_name: 'Rossi Maria', comune: 'Lodi', province: 'LO',
  street: 'Via Roma 1', lat_e6: 1, lon_e6: 1, owed_cents: 1, prize_cents: 1, placement_ends_on: '2026-12-31',
  last_contact_at: null, attempts: 0, must: false, allowed: true, findings: [], ...change,
})

describe('the difference between a plan and the published day', () => {
  const before = [route('anna', [stop('1', '2026-11-26T09:00:00Z'), stop('2', '2026-11-26T10:00:00Z'), stop('3', '2026-11-26T11:00:00Z')])]

  it('is nothing when the plan is the same', () => {
    expect(isNothing(difference(before, before))).toBe(true)
  })

  it('counts new, gone, handed over and shifted visits once each', () => {
    const after = [
      route('anna', [stop('1', '2026-11-26T09:30:00Z'), stop('4', '2026-11-26T10:00:00Z')]),
      route('bruno', [stop('2', '2026-11-26T10:00:00Z')]),
    ]

    expect(difference(before, after)).toEqual({ added: 1, removed: 1, handed: 1, shifted: 1, same: 0 })
  })

  it('names the agents whose route becomes another, with their visits before and after', () => {
    const after = [
      route('anna', [stop('1', '2026-11-26T09:00:00Z'), stop('3', '2026-11-26T11:00:00Z')]),
      route('bruno', [stop('2', '2026-11-26T10:00:00Z')]),
      route('carla', []),
    ]

    expect(touched(before, after)).toEqual([
      { agent_id: 'anna', name: 'anna', before: 3, after: 2 },
      { agent_id: 'bruno', name: 'bruno', before: 0, after: 1 },
    ])
    expect(touched(before, before)).toEqual([])
  })

  it('names an agent whose visits stay but change their order', () => {
    const after = [route('anna', [stop('2', '2026-11-26T09:00:00Z'), stop('1', '2026-11-26T10:00:00Z'), stop('3', '2026-11-26T11:00:00Z')])]

    expect(touched(before, after)).toEqual([{ agent_id: 'anna', name: 'anna', before: 3, after: 3 }])
  })

  it('does not call a few minutes a change', () => {
    const after = [route('anna', before.flatMap((one) => one.stops.map((s) => ({ ...s, arrive_at: s.arrive_at.replace(':00:00', ':04:00') }))))]

    expect(isNothing(difference(before, after))).toBe(true)
  })
})

describe('the sums of a day', () => {
  it('leave agents without visits uncounted', () => {
    const totals = totalsOf([route('anna', [stop('1', '2026-11-26T09:00:00Z')]), route('bruno', [])])

    expect(totals).toEqual({ visits: 1, prize_cents: 2000, travel_s: 1200, distance_m: 10_000, cost_cents: 500, agents: 1 })
  })

  it('group what was left out by reason, the costliest first', () => {
    const left = (practice_id: string, reason: string, prize_cents: number): Unplanned => ({
      practice_id, practice_number: practice_id, debtor_name: '', comune: '', lat_e6: null, lon_e6: null, prize_cents, reason, details: {},
    })

    const groups = byReason([left('1', 'far', 10), left('2', 'full', 50), left('3', 'far', 20)])

    expect(groups.map((group) => [group.reason, group.prize_cents, group.items.map((item) => item.practice_id)])).toEqual([
      ['full', 50, ['2']],
      ['far', 30, ['3', '1']],
    ])
  })
})

describe('a candidate', () => {
  it.each([
    [candidate({}), 'free'],
    [candidate({ lat_e6: null }), 'nowhere'],
    [candidate({ allowed: false, findings: [{ code: 'x', rule: 'x', severity: 'forbids', details: {} }] }), 'blocked'],
    [candidate({ allowed: false, findings: [{ code: 'x', rule: 'x', severity: 'asks_approval', details: {} }] }), 'asks'],
    [candidate({ findings: [{ code: 'x', rule: 'x', severity: 'warns', details: {} }] }), 'free'],
    [candidate({ allowed: false }), 'blocked'],
    [candidate({ findings: [{ code: 'planned.on_another_day', rule: 'x', severity: 'warns', details: {} }] }), 'aside'],
    [candidate({ findings: [{ code: 'visit.forbidden', rule: 'x', severity: 'warns', details: {} }] }), 'aside'],
  ] as const)('stands as its findings say (%#)', (one, standing) => expect(standingOf(one)).toBe(standing))

  it('is not for the planner where another day holds it, though it is lawful', () => {
    expect(plannable(candidate({}))).toBe(true)
    expect(plannable(candidate({ findings: [{ code: 'planned.on_another_day', rule: 'x', severity: 'warns', details: {} }] }))).toBe(false)
  })

  it('is found by every word, wherever it stands', () => {
    const all = [candidate({}), candidate({ practice_number: 'B-2', comune: 'Codogno' })]

    expect(sift(all, { words: 'rossi codogno', standing: null, creditors: [] })).toHaveLength(1)
    expect(sift(all, { words: '', standing: 'blocked', creditors: [] })).toHaveLength(0)
    expect(sift(all, { words: '', standing: null, creditors: ['Banca'] })).toHaveLength(2)
    expect(sift(all, { words: '', standing: null, creditors: ['Altra', 'Banca'] })).toHaveLength(2)
    expect(sift(all, { words: '', standing: null, creditors: ['Altra'] })).toHaveLength(0)
    expect(sift(all, { words: '', standing: null, creditors: [], areas: ['MI:Milano'] })).toHaveLength(0)
  })
})
