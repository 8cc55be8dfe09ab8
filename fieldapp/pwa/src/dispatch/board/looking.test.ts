import { describe, expect, it } from 'vitest'
import type { Looker } from '../../api/shapes'
import { byLane, onDay } from './looking'

const DAY = '2026-12-01'
const looks = (name: string, more: Partial<Looker> = {}): Looker => ({
  person_id: `id of ${name}`, name, day: DAY, plan_id: 'draft', agent_id: null, carries: false, ...more,
})

describe('who has the day open', () => {
  it('names each person once, where they carry something', () => {
    const two = [looks('Bea'), looks('Bea', { agent_id: 'a', carries: true }), looks('Aldo', { agent_id: 'b' })]

    expect(onDay(two, DAY)).toEqual([two[2], two[1]])
  })

  it('leaves out who looks at another day', () => {
    expect(onDay([looks('Bea', { day: '2026-12-02' })], DAY)).toEqual([])
  })
})

describe('who is at a lane', () => {
  it('counts only those in the same draft', () => {
    const here = looks('Bea', { agent_id: 'a' })
    const elsewhere = [looks('Aldo', { agent_id: 'a', plan_id: 'other' }), looks('Cino', { agent_id: 'a', plan_id: null }), looks('Dora')]

    expect([...byLane([here, ...elsewhere], DAY, 'draft')]).toEqual([['a', [here]]])
  })
})
