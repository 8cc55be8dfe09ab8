import { describe, expect, it } from 'vitest'
import { aRoute, aStop, at } from './board/builders'
import { compare } from './compare'

const hours = { leave_home_at: at('08:00'), back_home_at: at('12:00') }

describe('two plans side by side', () => {
  const first = {
    routes: [aRoute('Anna', [aStop('1', '09:00'), aStop('2', '10:00')], hours), aRoute('Bruno', [aStop('3', '09:00')], hours), aRoute('Carla', [])],
    unplanned: [],
  }
  const second = {
    routes: [
      aRoute('Anna', [aStop('1', '09:00')], hours),
      aRoute('Bruno', [aStop('2', '09:00'), aStop('4', '10:00', { prize_cents: 7000 })], { leave_home_at: at('08:00'), back_home_at: at('14:00') }),
      aRoute('Carla', []),
    ],
    unplanned: [{ practice_id: '3', practice_number: '3', debtor_name: '', comune: '', lat_e6: null, lon_e6: null, prize_cents: 1000, reason: 'agent_full', details: {} }],
  }
  const shown = compare(first, second)

  it('holds visits, hours and how unevenly they are shared among those who go out', () => {
    expect([shown.first.visits, shown.second.visits]).toEqual([3, 3])
    expect([shown.first.away_s, shown.second.away_s]).toEqual([8 * 3600, 10 * 3600])
    expect([shown.first.visits_spread, shown.second.visits_spread]).toEqual([1, 1])
    expect([shown.first.away_spread_s, shown.second.away_spread_s]).toEqual([0, 2 * 3600])
  })

  it('names the agents whose visits differ, and only them', () => {
    expect(shown.agents.map((one) => [one.name, one.lost, one.gained])).toEqual([
      ['Bruno', 1, 2],
      ['Anna', 1, 0],
    ])
    expect(shown.difference.handed).toBe(1)
  })

  it('says what is planned in one only, and why not in the other', () => {
    expect(shown.onlyFirst.map((one) => [one.practice_id, one.why?.reason])).toEqual([['3', 'agent_full']])
    expect(shown.onlySecond.map((one) => one.practice_id)).toEqual(['4'])
  })

  it('finds nothing between a plan and itself', () => {
    const same = compare(first, first)
    expect([same.agents, same.onlyFirst, same.onlySecond]).toEqual([[], [], []])
    expect(same.first).toEqual(same.second)
  })
})
