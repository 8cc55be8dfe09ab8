import { describe, expect, it } from 'vitest'
import type { Happened } from '../../api/shapes'
import { aRoute, aStop } from './builders'
import { aboutSame, agentsTouched, type Form, happenedOf, offered } from './told'

const form: Form = { what: 'agent_away', agent: '', practice: '', from: '', to: '' }
const at = (time: string): string => `2026-11-26T${time}:00Z`

describe('what is told of a day', () => {
  it('lacks something until agent, visit and hours are there', () => {
    expect(happenedOf(form, at)).toBeNull()
    expect(happenedOf({ ...form, agent: 'a' }, at)).toMatchObject({ kind: 'agent_away', agent_id: 'a', until: null })
    expect(happenedOf({ ...form, what: 'held_up', agent: 'a' }, at)).toBeNull()
    expect(happenedOf({ ...form, what: 'held_up', agent: 'a', to: '12:30' }, at)?.until).toBe('2026-11-26T12:30:00Z')
    expect(happenedOf({ ...form, what: 'urgent', agent: 'a' }, at)).toBeNull()
    expect(happenedOf({ ...form, what: 'moved', practice: 'p', from: '16:00', to: '15:00' }, at)).toBeNull()
    expect(happenedOf({ ...form, what: 'moved', practice: 'p', from: '15:00', to: '16:00' }, at)).toMatchObject({
      practice_id: 'p',
      from_at: '2026-11-26T15:00:00Z',
      to_at: '2026-11-26T16:00:00Z',
    })
  })

  it('holds one word on each agent and each visit', () => {
    const away = happenedOf({ ...form, agent: 'a' }, at) as Happened
    const late = happenedOf({ ...form, what: 'held_up', agent: 'a', to: '12:00' }, at) as Happened
    const visit = happenedOf({ ...form, what: 'cancelled', practice: 'a' }, at) as Happened
    expect(aboutSame(away, late)).toBe(true)
    expect(aboutSame(away, visit)).toBe(false)
  })

  it('is told of visits that have not begun', () => {
    const route = aRoute('Anna', [aStop('1', '09:00', { state: 'done' }), aStop('2', '10:00')])
    expect(offered([route])[0]?.visits.map((one) => one.practice)).toEqual(['2'])
  })

  it('names each agent who has to be told once', () => {
    expect(
      agentsTouched([
        { from_agent: 'Bruno', to_agent: 'Anna' },
        { from_agent: 'Bruno', to_agent: null },
      ]),
    ).toEqual(['Anna', 'Bruno'])
  })
})
