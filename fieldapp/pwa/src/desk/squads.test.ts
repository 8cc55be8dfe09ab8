import { describe, expect, it } from 'vitest'
import type { Squads } from '../api/shapes'
import { groupsOf, NOBODYS } from './squads'

const agent = (person_id: string, squad_id: string | null): Squads['agents'][number] => ({ person_id, name: person_id, agent_number: '', squad_id, since: null, later: [] })
const view = (...agents: Squads['agents']): Squads => ({
  day: '2026-11-26',
  squads: [{ id: 's', name: 'Sud', closed_on: null }, { id: 'n', name: 'Nord', closed_on: null }, { id: 'e', name: 'Est', closed_on: '2026-11-26' }],
  agents,
})

const told = (...asked: Parameters<typeof groupsOf>): unknown => groupsOf(...asked).map((one) => [one.id, [...one.agents]])

describe('agents by team', () => {
  it('come by the name of the team, those in none last', () => {
    const all = view(agent('a', 's'), agent('b', null), agent('c', 'n'), agent('d', 's'))
    expect(told(all, ['a', 'b', 'c', 'd'])).toEqual([['n', ['c']], ['s', ['a', 'd']], [NOBODYS, ['b']]])
  })

  it('are only those that were asked for, and whoever is not known is in none', () => {
    expect(told(view(agent('a', 's'), agent('c', 'n')), ['c', 'x'])).toEqual([['n', ['c']], [NOBODYS, ['x']]])
  })

  it('show a team on its last day', () => {
    expect(told(view(agent('a', 'e')), ['a'])).toEqual([['e', ['a']]])
  })

  it('are no groups where nobody is in a team, or nothing is known yet', () => {
    expect([groupsOf(view(agent('a', null)), ['a']), groupsOf(null, ['a'])]).toEqual([[], []])
  })
})
