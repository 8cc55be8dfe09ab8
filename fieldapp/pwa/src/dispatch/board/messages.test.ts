import { describe, expect, it } from 'vitest'
import type { MessageCopyRow, MessageRow } from '../../api/shapes'
import { countsOf, mayWithdraw, standingOf, unread } from './messages'

const [EARLY, LATE] = ['2026-11-26T09:00:00Z', '2026-11-26T09:30:00Z']
const copy = (more: Partial<MessageCopyRow> = {}): MessageCopyRow => ({
  agent_id: 'a', agent_name: 'Anna', fetched_at: null, read_at: null, withdrawn_at: null, ...more,
})
const row = (...copies: MessageCopyRow[]): MessageRow => ({ id: 'm', text: 'Rientrate.', to_all: true, sent_at: EARLY, sent_by: 'Elena', copies })

describe('a message on the board', () => {
  it.each([
    ['sent', copy(), null],
    ['fetched', copy({ fetched_at: EARLY }), EARLY],
    ['read', copy({ fetched_at: EARLY, read_at: LATE }), LATE],
    ['withdrawn', copy({ fetched_at: EARLY, withdrawn_at: LATE }), LATE],
    ['read', copy({ fetched_at: EARLY, read_at: EARLY, withdrawn_at: LATE }), EARLY],
  ])('is %s', (word, one, at) => {
    expect(standingOf(one)).toEqual({ word, at })
  })

  it('counts who has it and who has read it', () => {
    const day = row(copy(), copy({ fetched_at: EARLY }), copy({ fetched_at: EARLY, read_at: LATE }), copy({ withdrawn_at: LATE }))

    expect(countsOf(day)).toEqual({ n: 4, read: 1, fetched: 2 })
    expect(unread({ day: '2026-11-26', recipients: [], messages: [day] })).toBe(2)
    expect(unread(null)).toBe(0)
  })

  it('may be withdrawn while somebody has not read it, and not twice', () => {
    expect(mayWithdraw(row(copy({ read_at: LATE }), copy()))).toBe(true)
    expect(mayWithdraw(row(copy({ read_at: LATE })))).toBe(false)
    expect(mayWithdraw(row(copy({ withdrawn_at: LATE }), copy({ read_at: EARLY })))).toBe(false)
  })
})
