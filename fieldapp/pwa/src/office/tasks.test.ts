import { beforeAll, describe, expect, it } from 'vitest'
import type { TaskRow } from '../api/shapes'
import { speak } from '../text'
import { byRisk, placeOf, taskInWords, urgencyOf } from './tasks'

const task = (change: Partial<TaskRow>): TaskRow => ({
  id: 't', kind: 'balance.differs', team: 'back_office', owner_id: null, owner_name: null, asleep_until: null, due_on: '2026-11-26', created_at: '2026-11-20T08:00:00Z',
  state: 'open', practice_id: null, practice_number: null, debtor_name: null, subject_kind: 'practice', subject_id: 's', details: {}, ...change,
})

beforeAll(() =>
  speak('it', {
    'task.balance.differs.words': 'Differenza di {difference_cents}.',
    'task.envelope.refused.words': 'Rifiutato: {code}',
    'refusal.payment.over_cash_ceiling': 'Troppo contante.',
  }),
)

describe('a task', () => {
  it('tells its own values in words', () => {
    expect(taskInWords(task({ details: { difference_cents: 15_000 } }))).toBe('Differenza di 150,00\u00a0€.')
  })

  it('says the refusal that caused it, not its code', () => {
    const refused = task({ kind: 'envelope.refused', details: { code: 'payment.over_cash_ceiling' } })

    expect(taskInWords(refused)).toBe('Rifiutato: Troppo contante.')
  })

  it.each([
    ['2026-11-25', 'late'],
    ['2026-11-26', 'today'],
    ['2026-11-27', 'later'],
  ])('due on %s is %s on the 26th', (due_on, urgency) => {
    expect(urgencyOf(task({ due_on }), '2026-11-26')).toBe(urgency)
  })

  it('is done where its subject is', () => {
    expect(placeOf(task({ subject_kind: 'address', subject_id: 'a' }))).toEqual({ name: 'addresses', id: 'a' })
    expect(placeOf(task({ practice_id: 'p' }))).toEqual({ name: 'practice', id: 'p' })
    expect(placeOf(task({}))).toBeNull()
  })

  it('stands before those that are due later', () => {
    const sorted = byRisk([task({ id: 'b', due_on: '2026-11-27' }), task({ id: 'c', created_at: '2026-11-21T08:00:00Z' }), task({ id: 'a' })])

    expect(sorted.map((one) => one.id)).toEqual(['a', 'c', 'b'])
  })

  it('stands before everything when somebody calls for help', () => {
    const sorted = byRisk([task({ id: 'late', due_on: '2026-11-20' }), task({ id: 'help', kind: 'agent.in_danger' })])

    expect(sorted.map((one) => one.id)).toEqual(['help', 'late'])
  })
})
